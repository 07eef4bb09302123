"""A farm whose names are long, whose amounts have nine digits, and that has 200 miners: its ledger and its snapshot."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from fleet.control.control import Action, Control, Target, TargetKind
from fleet.domain.amounts import EntryKind
from fleet.domain.causes import Loss
from fleet.domain.effects import Booked, JobMoved, JobOpened, SessionClosed, SessionOpened, Write
from fleet.domain.jobs import Entry, Job, JobOrigin, JobState
from fleet.domain.proof import Proof
from fleet.ledger.ledger import Ledger
from fleet.ledger.storage.engine import open_engine
from fleet.status.snapshot import FarmSnapshot, MinerFigures, Severity, WorkRow, Wrong
from fleet.status.snapshot_file import SNAPSHOT_FILE, SnapshotWriter
from tests.support.snapshots import MINER, SERVERS, SNAPSHOT, WORK

SERVERS_OF_LEDGER = ("https://neonet-production-2.mining.example.com", "https://neonet.example.org:8443")
MINERS = 200
#: miners at each server that have a session
OPEN = 20
_AMOUNT = Decimal("123456789.123456789")
_STATES = ("mining", "waiting", "paused", "closed")
_TYPES = ("inference", "federated_learning", "reinforcement_learning")


def miner_name(number: int) -> str:
    """A name as people give it, the longer the higher the number."""
    return f"rig-{number}" if number % 3 else f"rack-{number:02}-upper-shelf-left"


def host_name(number: int) -> str:
    """The name of a worker host."""
    return ("attic", "basement-workstation-2", "shed")[number % 3]


def wide_ledger(folder: Path, *, miners: int = MINERS) -> Path:
    """The folder of a farm with its ledger, for FLEET_STATE_DIR."""
    path = folder / "simulator" / "ledger.sqlite"
    for place, server in enumerate(SERVERS_OF_LEDGER):
        numbers = range(place * miners // 2, (place + 1) * miners // 2)
        ids = {number: f"neo1{number:036x}" for number in numbers}
        with Ledger(open_engine(f"sqlite:///{path}"), server) as ledger:
            ledger.name_miners({ids[number]: miner_name(number) for number in numbers})
            for number, miner_id in list(ids.items())[: miners // 4]:
                ledger.commit(_life(number, miner_id, ends=number - numbers[0] >= OPEN))
    return folder


def _life(number: int, miner_id: str, *, ends: bool) -> Sequence[Write]:
    session = f"s{number}"
    writes: list[Write] = [SessionOpened(miner_id=miner_id, session_id=session, offset=None)]
    for place, state in enumerate((JobState.ACCEPTED, JobState.ACCEPTED, JobState.EXPIRED)):
        job = Job(
            job_id=f"{number:08x}-0000-4000-8000-{place:012x}",
            job_type=_TYPES[(number + place) % len(_TYPES)],
            data={},
            reward=_AMOUNT,
            origin=JobOrigin.NEXT,
            timeout_s=60.0,
        )
        loss = None if state is JobState.ACCEPTED else Loss.DRAINED
        writes += [
            JobOpened(job=job, miner_id=miner_id, session_id=session, state=JobState.ASSIGNED, attempt=1),
            JobMoved(
                job_id=job.job_id,
                state=state,
                attempt=1,
                strikes=0,
                sends=1,
                mended=False,
                loss=loss,
                worker=f"worker@{host_name(number)}",
            ),
        ]
        if loss is None:
            proof = Proof(worker=f"worker@{host_name(number)}", kernel_version="1")
            writes.append(Booked(entry=_entry(miner_id, session, job, proof)))
    if ends:
        writes.append(SessionClosed(miner_id=miner_id, session_id=session, cause="stopped"))
    return writes


def _entry(miner_id: str, session: str, job: Job, proof: Proof) -> Entry:
    return Entry(
        miner_id=miner_id,
        kind=EntryKind.JOB,
        amount=_AMOUNT,
        confirmed=True,
        session_id=session,
        job_id=job.job_id,
        job_type=job.job_type,
        proof=proof,
    )


def wide_snapshot() -> FarmSnapshot:
    """What such a farm is now: two servers, a pause, and several things that are wrong."""
    now_ms = int(time.time() * 1000)
    hosts = _hosts(now_ms)
    earnings = replace(
        SNAPSHOT.earnings,
        recent=_AMOUNT,
        today=_AMOUNT,
        yesterday=_AMOUNT,
        ledger=_AMOUNT * 8,
        last_paid_ms=now_ms - 2_000,
        time_zone="America/Argentina/ComodRivadavia",
    )
    return replace(
        SNAPSHOT,
        at_ms=now_ms,
        started_ms=now_ms - 90_000_000,
        miners=_miners(now_ms),
        hosts=hosts,
        types=tuple(replace(hosts[0], name=name) for name in _TYPES),
        servers=SERVERS,
        server=", ".join(SERVERS_OF_LEDGER),
        sessions=dict.fromkeys(_STATES, MINERS // len(_STATES)),
        earnings=earnings,
        wrong=_wrong(now_ms),
        controls=(_control(now_ms),),
    )


def _miners(now_ms: int) -> tuple[MinerFigures, ...]:
    return tuple(
        replace(
            MINER,
            name=miner_name(number),
            server=SERVERS[number % 2].name,
            state=_STATES[number % len(_STATES)],
            ledger=_AMOUNT,
            today=_AMOUNT / 7,
            recent=_AMOUNT / 1000,
            last_paid_ms=now_ms - 2_000,
        )
        for number in range(MINERS)
    )


def _hosts(now_ms: int) -> tuple[WorkRow, ...]:
    row = replace(WORK, computed=123_456_789, recent_jobs=98_765, recent=_AMOUNT / 1000, free_slots=12, busy_slots=52)
    return tuple(replace(row, name=host_name(number), last_ms=now_ms - 1_000) for number in range(3))


def _control(now_ms: int) -> Control:
    return Control(
        target=Target(kind=TargetKind.TAG, name="basement-and-attic"),
        action=Action.PAUSE,
        since_ms=now_ms - 60_000,
        until_ms=now_ms + 3_600_000,
        who="alexandra",
        reason="the tariff is high until the evening, and the fans of the second rack are cleaned",
    )


def _wrong(now_ms: int) -> tuple[Wrong, ...]:
    deaf = Wrong(
        kind="deaf_worker",
        subject=f"host {host_name(1)}",
        severity=Severity.FAIL,
        text=f"Host {host_name(1)} gives no sign of life and computes no jobs, while other hosts do.",
        help="Restart the worker on that host; if you removed the host, this ends within a day.",
        since_ms=now_ms - 90_000_000,
        nnet_per_day=123_456_789.5,
    )
    slower = replace(
        deaf, kind="slower_host", severity=Severity.WARN, text=f"Host {host_name(1)} takes longer for a job."
    )
    return deaf, slower


def write_wide_snapshot(folder: Path) -> None:
    """Write the snapshot where the farm of that folder would, as of now."""
    SnapshotWriter(folder / "simulator" / SNAPSHOT_FILE).write(wide_snapshot())
