"""Why a farm, a miner or a host does not earn more: what is wrong, and what was lost, the most costly first. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from fleet.control.control import TargetKind
from fleet.control.stated import line_of
from fleet.domain.amounts import ZERO
from fleet.domain.causes import Loss
from fleet.health.kinds import KINDS
from fleet.health.symptom import FARM, is_part, miner_subject, server_subject

#: what to do about each cause of a loss
_ADVICE = {
    Loss.EXPIRED: "Jobs take longer than the server waits: add workers, or run fewer miners.",
    Loss.LIMIT: "Run fewer miners, or set the server's limit in budget.requests if it is lower than 5000.",
    Loss.SERVER_DOWN: "Nothing: the server was away, and results were kept for as long as it knew the jobs.",
    Loss.FORGOTTEN: "Nothing: the server lost the jobs, as it does when it restarts.",
    Loss.BAD_FORMAT: "`fleet explain job ID` shows the server's words; install the newest release.",
    Loss.REFUSED: "`fleet explain job ID` shows the server's words.",
    Loss.PAYLOAD: "`fleet explain job ID` shows what the job holds; install the newest release.",
    Loss.UNSERVED: "Start a worker on a host that qualifies, or set dispatch.unserved to run.",
    Loss.KERNEL: "Look at the workers' logs, and run `fleet doctor --host` on their hosts.",
    Loss.WORKER_LOST: "Look for a lack of memory on the workers' hosts by `fleet doctor --host`.",
    Loss.TIME_LIMIT: "Raise worker.time_limit_s, or compute on quicker hosts.",
    Loss.DRAINED: "Give a stop more time by drain_s.",
    Loss.ANSWER_LOST: "Nothing yet: the server's next total shows whether these jobs were paid.",
    Loss.LEFT: "Nothing: these jobs came unasked, and others earn more for the same requests.",
    Loss.OVERLOAD: "Add workers: these jobs came unasked, and there was no time for them beside better ones.",
    Loss.CROWDED: "Raise dispatch.max_free_jobs_per_miner if workers are idle.",
}
_STOPPED = "The coordinator does not run, so nothing is earned."
_START = "Start it: `fleet up` on one machine, `fleet coordinator` for the part alone, or the service that runs it."


@dataclass(frozen=True, kw_only=True, slots=True)
class LostToday:
    """Jobs of one miner that were not paid in the last day, for one cause."""

    miner: str
    cause: Loss
    jobs: int
    amount: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class Hindrance:
    """One reason why something does not earn more."""

    #: the kind of a condition, or `lost jobs`, `stopped`, `paused`, `advice`
    kind: str
    #: what the reason is about, which may be the whole farm
    subject: str
    text: str
    help: str
    #: an estimate of the NNET that a day of this costs; None while unknown
    nnet_per_day: float | None
    #: since when, in ISO 8601; None where that has no meaning
    since: str | None = None


def reasons(
    subject: str, figures: Mapping[str, Any], lost: Iterable[LostToday], *, runs: bool, advice: Iterable[Hindrance] = ()
) -> tuple[Hindrance, ...]:
    """The reasons for a subject, the most costly first and those of unknown cost last.

    `figures` is a snapshot as `fleet.status.stated` writes it, `runs` whether it is of the present. What is wrong with
    the whole farm costs a miner or host its share of what the farm earned lately.
    """
    found = [] if runs else [_not_running(figures)]
    found += _pauses(subject, figures)
    share, elsewhere = _share(subject, figures), _other_servers(subject, figures)
    for one in figures["wrong"] if runs else ():
        if one["subject"] == subject or subject == FARM:
            found.append(_condition(one, 1.0))
        elif not is_part(one["subject"]) and one["subject"] not in elsewhere:
            found.append(_condition(one, share))
    found += _losses(subject, lost)
    if subject == FARM:
        found += advice
    # what stops everything comes first, since its cost may not be learnt yet
    return tuple(sorted(found, key=lambda one: (not _stops(one), -(one.nnet_per_day or 0.0))))


def _other_servers(subject: str, figures: Mapping[str, Any]) -> set[str]:
    """The subjects of the servers that a miner does not mine at; none for anything else."""
    own = [row.get("server") for row in figures["miners"] if miner_subject(row["miner"]) == subject]
    names = [row["server"] for row in figures.get("servers") or ()]
    return {server_subject(name) for name in names if own and own[0] and name != own[0]}


def _stops(one: Hindrance) -> bool:
    return one.kind in {"stopped", "paused"} or (one.kind in KINDS and KINDS[one.kind].stops)


def _pauses(subject: str, figures: Mapping[str, Any]) -> Iterator[Hindrance]:
    """The controls that concern a subject: its own; for the farm, all.

    A paused miner is also concerned by those of several, and one that waits with a job of a paused type by the type's.
    """
    states = {miner_subject(row["miner"]): row["state"] for row in figures["miners"]}
    waits_for = {miner_subject(row["miner"]): row.get("waits_for_type") for row in figures["miners"]}
    for row in figures.get("controls") or ():
        of_several = row["kind"] in {TargetKind.FARM.value, TargetKind.SERVER.value, TargetKind.TAG.value}
        of_type = row["kind"] == TargetKind.JOB_TYPE.value and row["name"] == waits_for.get(subject)
        if subject in (FARM, row["subject"]) or (of_several and states.get(subject) == "paused") or of_type:
            ended = f"fleet resume {row['subject']}"
            yield Hindrance(
                kind="paused",
                subject=row["subject"],
                text=f"{line_of(row)[0].upper()}{line_of(row)[1:]}.",
                help=f"Nothing, or `{ended}`.",
                nnet_per_day=None,
                since=row["since"],
            )


def _not_running(figures: Mapping[str, Any]) -> Hindrance:
    return Hindrance(
        kind="stopped", subject=FARM, text=_STOPPED, help=_START, nnet_per_day=None, since=figures.get("at")
    )


def _condition(one: Mapping[str, Any], share: float | None) -> Hindrance:
    whole = one.get("nnet_per_day")
    return Hindrance(
        kind=one["kind"],
        subject=one["subject"],
        text=one["text"],
        help=one["help"],
        nnet_per_day=None if whole is None or share is None else float(whole) * share,
        since=one["since"],
    )


def _losses(subject: str, lost: Iterable[LostToday]) -> list[Hindrance]:
    sums: dict[Loss, LostToday] = {}
    for one in lost:
        if subject in (FARM, f"miner {one.miner}"):
            known = sums.get(one.cause)
            sums[one.cause] = one if known is None else _added(known, one)
    return [
        Hindrance(
            kind="lost jobs",
            subject=subject,
            text=f"{one.jobs:,} job{'s were' if one.jobs != 1 else ' was'} not paid in the last day: {cause.value}.",
            help=_ADVICE[cause],
            nnet_per_day=float(one.amount),
        )
        for cause, one in sums.items()
    ]


def _added(one: LostToday, other: LostToday) -> LostToday:
    return replace(one, jobs=one.jobs + other.jobs, amount=sum((one.amount, other.amount), ZERO))


def _share(subject: str, figures: Mapping[str, Any]) -> float | None:
    """The share of the farm's income of the last minutes that came from a miner or host; None while there is none."""
    whole = float(figures["earnings"]["recent_nnet"] or 0)
    key, rows = ("miner", figures["miners"]) if subject.startswith("miner ") else ("name", figures["hosts"] or ())
    name = subject.partition(" ")[2]
    own = next((float(row["recent_nnet"] or 0) for row in rows if row[key] == name), 0.0)
    return own / whole if whole > 0 else None
