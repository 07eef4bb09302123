"""Hosts and what no host computed add up to the ledger, to the last digit, in all and in any period of any zone."""

from __future__ import annotations

import itertools
import json
from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

from fleet.cli import fleet
from fleet.domain.amounts import ZERO, EntryKind
from fleet.domain.calendar import Calendar
from fleet.domain.effects import Booked
from fleet.domain.jobs import Entry
from fleet.domain.proof import Proof
from fleet.ledger.ledger import Ledger
from fleet.ledger.reports.host_rewards import NO_HOST, rewards_by_host
from fleet.ledger.reports.rewards import rewards_by
from fleet.ledger.storage.engine import open_engine
from fleet.ledger.storage.places import LedgerPlace

START = datetime(2026, 11, 1, tzinfo=ZoneInfo("UTC"))
#: of containers, a host, and a job of an older ledger that names no worker
WORKERS = ("worker@shed-0123456789ab", "worker@shed-ba9876543210", "worker@attic", "")


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> tuple[LedgerPlace, list[tuple[datetime, str, Entry]]]:
    place = LedgerPlace(url=f"sqlite:///{tmp_path_factory.mktemp('ledger') / 'ledger.sqlite'}", simulated=False)
    random = Random(11)
    times = sorted(START + timedelta(milliseconds=random.randrange(4 * 86_400_000)) for _ in range(200))
    clock = itertools.chain((int(at.timestamp() * 1000) for at in times), itertools.repeat(2_000_000_000_000))
    booked = []
    with Ledger(open_engine(place.url), "one", now_ms=lambda: next(clock)) as ledger:
        for number, at in enumerate(times):
            worker, paid = random.choice(WORKERS), number % 9 > 0
            entry = Entry(
                miner_id="rig",
                kind=EntryKind.JOB if paid else EntryKind.HEARTBEAT,
                amount=Decimal(random.randrange(1, 10**12)).scaleb(-random.randrange(1, 15)),
                confirmed=number % 7 > 0,
                session_id="s",
                job_id=f"j{number}" if paid else None,
                job_type="inference" if paid else "",
                proof=Proof(worker=worker) if paid else Proof(),
            )
            ledger.commit([Booked(entry=entry)])
            host = {"": NO_HOST}.get(worker, worker.split("@")[-1].split("-")[0]) if paid else NO_HOST
            booked.append((at, host, entry))
    return place, booked


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "Europe/Berlin"])
@pytest.mark.parametrize("days", [(None, None), (date(2026, 11, 2), date(2026, 11, 3)), (date(2026, 11, 3), None)])
def test_each_payment_is_in_the_group_of_its_host(
    farm: tuple[LedgerPlace, list[tuple[datetime, str, Entry]]], zone: str, days: tuple[date | None, date | None]
) -> None:
    place, booked = farm
    first, last = days[0] or date.min, days[1] or date.max
    wanted = [one for one in booked if first <= one[0].astimezone(ZoneInfo(zone)).date() <= last]
    sums: dict[str, Decimal] = defaultdict(lambda: ZERO)
    unconfirmed: dict[str, int] = defaultdict(int)
    for _, host, entry in wanted:
        sums[host] += entry.amount
        unconfirmed[host] += not entry.confirmed
    rows = rewards_by_host(place, Calendar(zone), days)
    assert {row.group: row.total_nnet for row in rows} == sums
    assert {row.group: row.unconfirmed for row in rows} == unconfirmed
    assert sum(row.payments for row in rows) == len(wanted)
    assert [row.group for row in rows] == ["attic", "shed", NO_HOST]
    whole = rewards_by(place, "miner", calendar=Calendar(zone), days=days)
    assert sum((row.total_nnet for row in rows), ZERO) == sum((row.total_nnet for row in whole), ZERO)


def test_a_ledger_without_hosts_has_no_group_of_hosts(tmp_path_factory: pytest.TempPathFactory) -> None:
    place = LedgerPlace(url=f"sqlite:///{tmp_path_factory.mktemp('ledger') / 'ledger.sqlite'}", simulated=False)
    open_engine(place.url).dispose()
    assert rewards_by_host(place, Calendar()) == []


def test_the_command_prints_them(
    farm: tuple[LedgerPlace, list[tuple[datetime, str, Entry]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    place, booked = farm
    assert place.file is not None
    monkeypatch.setenv("FLEET_STATE_DIR", str(place.file.parent))
    printed = CliRunner().invoke(fleet, ["rewards", "--by", "host", "--json"])
    assert printed.exit_code == 0, printed.output
    found = json.loads(printed.stdout, parse_float=Decimal)
    assert [row["host"] for row in found["rows"]] == ["attic", "shed", NO_HOST]
    assert found["total_nnet"] == sum((entry.amount for _, _, entry in booked), ZERO)
