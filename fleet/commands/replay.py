"""`fleet replay`: computes jobs of the ledger again on this host, and compares with what was submitted.

One file: each outcome of a replayed job is counted, printed, stated as JSON, and decides on the exit code.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import click

from config.hiding import hide_by
from config.load import load
from config.settings import Settings
from fleet.audit.comparing import HostResult
from fleet.audit.replaying import Agreement, ComparedField, compare
from fleet.broker.disguise import Disguise
from fleet.commands.arguments.found_jobs import found_jobs, wanted_id
from fleet.commands.exits import EX_DATAERR, EX_NOINPUT, Failure, farm_errors
from fleet.commands.loading import settings_or_exit
from fleet.commands.printing.progress import progress
from fleet.commands.printing.tables import Sheet, console, line
from fleet.commands.recomputing import Recomputation, Recomputed, recomputed
from fleet.domain.causes import Loss
from fleet.domain.jobs import OPEN, JobState
from fleet.domain.miner_names import IdHider
from fleet.ledger.miner_names import stored_names
from fleet.ledger.reports.job_history import Life
from fleet.ledger.reports.submitted import Submitted, newest, of_job, sample
from fleet.ledger.storage.engine import open_engine
from fleet.ledger.storage.places import ledger_to_read
from tasks.messages import Outcome, ResultMessage

_MOST = click.IntRange(1, 1_000_000)
#: agreements of a job that give no reason to look closer
_FINE = frozenset({Agreement.SAME, Agreement.WITHIN_TOLERANCE})
#: most jobs of a check that are listed one by one
_LISTED = 20
#: losses of jobs for which an error was submitted in place of a result
_NO_RESULT = frozenset({Loss.PAYLOAD.value, Loss.KERNEL.value, Loss.TIME_LIMIT.value, Loss.WORKER_LOST.value})
_WORDS = {
    Agreement.SAME: "the same in every bit",
    Agreement.WITHIN_TOLERANCE: "the same within the tolerance for unlike kinds of hosts",
    Agreement.DIFFERS: "DIFFERS",
    Agreement.NOT_COMPARABLE: "not comparable: nothing that unlike kinds of hosts have in common tells anything",
}
_PROOF = {
    None: "no entry of the ledger",
    True: "proven by the ledger's chain",
    False: "NOT as in the ledger's chain",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Replay:
    """One job that was computed again."""

    submitted: Submitted
    agreement: Agreement
    #: why nothing was compared, or what is wrong besides the result; empty for nothing
    problem: str = ""
    same_kind: bool = False
    fields: tuple[ComparedField, ...] = ()

    @property
    def wrong(self) -> bool:
        """Whether the job is not what it was."""
        return self.agreement is Agreement.DIFFERS or self.submitted.proven is False

    def stated(self) -> dict[str, Any]:
        """The replay for JSON."""
        work = self.submitted.work
        return {
            "job_id": work.job_id,
            "server": self.submitted.server,
            "job_type": work.job_type,
            "state": self.submitted.state,
            "worker": self.submitted.worker,
            "kernel_version": work.kernel_version,
            "kind": list(work.kind),
            "same_kind": self.same_kind,
            "proven": self.submitted.proven,
            "agreement": self.agreement.value,
            "problem": self.problem,
            "fields": [asdict(field) | {"agreement": field.agreement.value} for field in self.fields],
        }


@click.command("replay")
@click.argument("job_id", metavar="[ID]", required=False)
@click.option("--last", type=_MOST, metavar="N", help="The last N jobs that ended.")
@click.option("--sample", "drawn", type=_MOST, metavar="N", help="N jobs, drawn from all that are kept.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def replay(ctx: click.Context, *, job_id: str | None, last: int | None, drawn: int | None, as_json: bool) -> None:
    """Compute the job ID again on this host, and compare the result with the one that was submitted.

    The beginning of an id is enough, as for `fleet explain job`. Hosts of one kind must agree in every bit, unlike ones
    within a tolerance; the output says which. What was submitted is compared with the digests in the ledger's chain,
    too. The ledger keeps the newest jobs: as many MB of them as audit.keep_mb says.

    Exits with 0 if the results agree, with 65 if one differs, and with 66 if there was nothing to compare.

    \b
    Examples:
      fleet replay 3f0e6c1a
      fleet replay --last 100
      fleet replay --sample 1000 --json
    """
    if sum(one is not None for one in (job_id, last, drawn)) != 1:
        raise click.UsageError("name one of: the ID of a job, --last N, --sample N")
    with settings_or_exit():
        settings = load()
    with farm_errors():
        engine = open_engine(ledger_to_read(settings).url, read_only=True)
        names = stored_names(engine)
        hide_by(hide := IdHider(names))
        if job_id is not None:
            kept = _of_job(engine, wanted_id(job_id), settings)
        else:
            kept = newest(engine, last) if last is not None else sample(engine, drawn or 0)
    if not kept:
        raise Failure(_nothing_kept(settings), EX_NOINPUT)
    with progress("computing again", len(kept), quiet=as_json) as advance:
        replays = list(_replays(kept, Disguise(names), advance))
    if as_json:
        click.echo(hide(json.dumps(_stated(replays))))
    elif job_id is not None:
        for one in replays:
            _print_one(one, hide)
    else:
        _print_all(replays, hide)
    ctx.exit(_exit_code(replays))


def _exit_code(replays: Sequence[Replay]) -> int:
    if any(one.wrong for one in replays):
        return EX_DATAERR
    return 0 if any(one.agreement in _FINE for one in replays) else EX_NOINPUT


def _of_job(engine: Any, wanted: str, settings: Settings) -> list[Submitted]:
    """What is kept of a job. Raises a Failure if nothing is, or the ledger has no such job."""
    lives = found_jobs(engine, wanted, settings.servers, EX_NOINPUT)
    kept = [one for life in lives for one in of_job(engine, life.job["job_id"], life.server)]
    if not kept:
        raise Failure(_not_kept(lives[0], settings), EX_NOINPUT)
    return kept


def _not_kept(life: Life, settings: Settings) -> str:
    state, job_id = life.job["state"], life.job["job_id"]
    if JobState(state) in OPEN:
        return f"job {job_id} is still {state}: what is submitted for it is kept once it has ended"
    if not life.job["submissions"] or life.job.get("loss") in _NO_RESULT:
        return f"no result was submitted for job {job_id}, which is {state}: {life.job.get('cause', 'it has none')}"
    return f"the ledger no longer keeps what was submitted for job {job_id}: {_advice(settings)}"


def _nothing_kept(settings: Settings) -> str:
    return f"the ledger keeps nothing that was submitted: {_advice(settings)}"


def _advice(settings: Settings) -> str:
    most = settings.audit.keep_mb
    if not most:
        return "audit.keep_mb is 0; set it to the MB that the ledger may take for this, and restart the coordinator"
    return f"it keeps the newest {most} MB of each server's jobs since this release; audit.keep_mb raises that"


def _replays(kept: Sequence[Submitted], disguise: Disguise, advance: Callable[[int], None]) -> Iterator[Replay]:
    """Compute each job again, in order. `advance` is called for each."""
    seen = [disguise.seen(one.shown_server, one.work.job_id, one.work.data) for one in kept]
    jobs: list[Recomputed] = [
        (shown[0], one.work.job_type, shown[1]) for one, shown in zip(kept, seen, strict=True) if shown is not None
    ]
    answers = recomputed(jobs) if jobs else iter(())
    for one, shown in zip(kept, seen, strict=True):
        advance(1)
        if shown is None:
            problem = "its id holds a miner's id, so workers saw a random one, and drew their numbers by that"
            yield Replay(submitted=one, agreement=Agreement.NOT_COMPARABLE, problem=problem)
        else:
            yield _compared(one, next(answers))


def _compared(one: Submitted, answer: Recomputation) -> Replay:
    work = one.work
    if answer.error:
        problem = f"this host does not compute it: {answer.error}"
        return Replay(submitted=one, agreement=Agreement.DIFFERS, problem=problem)
    found = compare(
        work.job_type,
        _host_result(work.job_id, work.result, work.kernel_version, work.kind),
        _host_result(work.job_id, answer.result, answer.kernel_version, answer.kind),
        mended=work.mended,
    )
    problem = "the ledger's chain has other digests: what is kept was altered" if one.proven is False else ""
    return Replay(
        submitted=one, agreement=found.agreement, same_kind=found.same_kind, fields=found.fields, problem=problem
    )


def _host_result(job_id: str, result: Mapping[str, Any], kernel_version: str, kind: tuple[str, ...]) -> HostResult:
    message = ResultMessage(
        job_id=job_id, attempt=1, outcome=Outcome.COMPUTED, result=result, kernel_version=kernel_version
    )
    return HostResult(message=message, kind=kind)


def _counts(replays: Sequence[Replay]) -> Counter[Agreement]:
    return Counter(one.agreement for one in replays)


def _stated(replays: Sequence[Replay]) -> dict[str, Any]:
    counts = _counts(replays)
    return {
        "jobs": len(replays),
        **{agreement.value.replace(" ", "_"): counts[agreement] for agreement in Agreement},
        "altered": sum(one.submitted.proven is False for one in replays),
        "replays": [one.stated() for one in replays],
    }


def _print_one(one: Replay, hide: IdHider) -> None:
    screen, work = console(), one.submitted.work
    line(screen, hide(f"{one.submitted.server} · {work.job_id} · {work.job_type}"), style="bold")
    by = one.submitted.worker or "an unknown worker"
    line(screen, hide(f"  {one.submitted.state}, computed by {by} with kernels {work.kernel_version or 'unknown'}"))
    line(screen, f"  its host: {' '.join(work.kind) or 'of no stated kind'}")
    line(screen, f"  data and result: {_PROOF[one.submitted.proven]}")
    sheet = Sheet(("field", "submitted", "computed here", ""))
    for field in one.fields:
        style = "red" if field.agreement is Agreement.DIFFERS else ""
        sheet.add((field.name, _short(field.submitted), _short(field.computed), field.agreement.value), style=style)
    if one.fields:
        sheet.print(screen)
    if one.problem:
        line(screen, hide(one.problem), style="red" if one.wrong else "yellow")
    kinds = "hosts of one kind" if one.same_kind else "hosts of unlike or unknown kinds"
    if one.fields:
        line(screen, f"{_WORDS[one.agreement]} ({kinds})", style="red" if one.wrong else "green")


def _print_all(replays: Sequence[Replay], hide: IdHider) -> None:
    screen = console()
    sheet = Sheet(("job type", "jobs", *(one.value for one in Agreement)), right=("jobs", *Agreement))
    for job_type in sorted({one.submitted.work.job_type for one in replays}):
        counts = _counts([one for one in replays if one.submitted.work.job_type == job_type])
        sheet.add((job_type, f"{counts.total():,}", *(f"{counts[one]:,}" for one in Agreement)))
    sheet.print(screen)
    listed = [one for one in replays if one.wrong or one.agreement not in _FINE]
    for one in listed[:_LISTED]:
        fields = ", ".join(field.name for field in one.fields if field.agreement is Agreement.DIFFERS)
        words = one.problem or (f"{one.agreement.value}: {fields}" if fields else one.agreement.value)
        text = f"{one.submitted.work.job_id}  {one.submitted.work.job_type}  {one.submitted.worker}  {words}"
        line(screen, hide(text), style="red" if one.wrong else "yellow")
    if len(listed) > _LISTED:
        line(screen, f"and {len(listed) - _LISTED:,} more; --json lists all")
    if listed:
        line(screen, "`fleet replay ID` shows a job's fields.")


def _short(value: Any) -> str:
    """A value in at most 24 characters: digests by their beginning."""
    text = "" if value is None else json.dumps(value).strip('"')
    return text if len(text) <= 24 else f"{text[:23]}…"
