"""Builds the coordinator's parts from the settings: ledger, farm, output."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from functools import partial
from typing import TextIO

from config.color import wants_color
from config.server_tables import BudgetSettings, ServerSettings
from config.settings import Settings
from fleet.coordinator.farms import AnyBooks
from fleet.coordinator.output.lines import Lines
from fleet.coordinator.output.output import RunOutput
from fleet.coordinator.output.progress import with_progress
from fleet.coordinator.output.tally import RunTally
from fleet.coordinator.scheduling.auto_miners import AutoMiners
from fleet.coordinator.scheduling.scheduler import Farm
from fleet.coordinator.scheduling.workforce import Workforce
from fleet.domain.jobs import PAID, MinerSpec
from fleet.domain.saved_state import Prior, SavedMiner
from fleet.domain.wall_clock import WallClock
from fleet.ledger.kept_work import Keeping
from fleet.ledger.ledger import Ledger
from fleet.ledger.storage.engine import open_engine
from fleet.ledger.witness import Witness
from fleet.miner.backoff import Backoff
from fleet.miner.miner import Miner
from fleet.miner.policy import Policy
from fleet.money.scopes import Scope
from fleet.ratelimit.governor import Governor
from fleet.status.progress_bar import columns_of


def open_ledger(
    account: str,
    wall: WallClock,
    witness: Witness,
    *,
    simulated: bool,
    keeping: Keeping,
    shown: Callable[[str, int, int], object],
) -> Ledger:
    """The ledger of the server with this account. `shown` gets how far the migration of an older one is.

    Raises LedgerLost where it is gone though it had entries, LedgerBusy while it is locked.
    """
    witness.refuse_lost()
    ledger = Ledger(
        open_engine(witness.url, shown=shown),
        account,
        simulated=simulated,
        now_ms=wall.now_ms,
        jumps=wall.unwritten,
        keeping=keeping,
    )
    wall.at_least(ledger.last_entry_at())
    return ledger


def make_farm(
    settings: Settings,
    server: ServerSettings,
    specs: list[MinerSpec],
    ledger: Ledger,
    find: Callable[[str], Prior | None],
    say: Callable[[str], None],
    beside: Workforce | None = None,
) -> Farm:
    """All miners of a server as saved in the ledger, with one governor. `find` returns the ledger's record of a job.

    `beside` is the workforce of another server's farm, which shares the workers. `say` prints how many miners are
    loaded, every two seconds while that lasts.
    """
    policy, now = policy_of(settings), time.monotonic()
    budget = server.budget(settings.budget)
    governor = make_governor(budget, ledger, miners=len(specs), heartbeat_s=settings.heartbeat_s, now=now)
    saved = ledger.saved_miners([spec.miner_id for spec in specs])
    loading = with_progress(specs, "miners loaded", say)
    miners = [load_miner(policy, spec, one, now) for spec, one in zip(loading, saved, strict=True)]
    named = {miner.id.lower() for miner in settings.miner if miner.pinned}
    pinned = [spec.miner_id for spec in specs if spec.miner_id in named]
    auto = AutoMiners(miners, governor, pinned=pinned, heartbeat_s=settings.heartbeat_s, now=now, follows=settings.auto)
    farm = Farm(
        miners,
        governor,
        find,
        max_calls=settings.http.connections,
        max_at_workers=settings.dispatch.max_in_flight,
        now=now,
        backoff=policy.backoff,
        auto=auto,
        beside=beside,
    )
    farm.workers.auditor.share = settings.audit.share
    farm.workers.router.refuse = settings.dispatch.unserved == "refuse"
    return farm


def make_governor(budget: BudgetSettings, ledger: Ledger, *, miners: int, heartbeat_s: float, now: float) -> Governor:
    """The governor of a server's limit, as the ledger knows it, and of what was sent in the window that ends `now`."""
    learnt = ledger.rate_limit()
    window_s = budget.window_s if learnt is None else learnt.window_s
    return Governor(
        requests=budget.requests,
        window_s=budget.window_s,
        miners=miners,
        heartbeat_s=heartbeat_s,
        carried_s=max(window_s - ledger.quiet_s(), 0.0),
        learnt=learnt,
        spent=[now - age_s for age_s in ledger.spent_ages_s(window_s, heartbeat_s)],
    )


def load_miner(policy: Policy, spec: MinerSpec, saved: SavedMiner, now: float) -> Miner:
    """A miner as the ledger knows it."""
    return Miner(spec, policy, saved, random.Random(), now)


def policy_of(settings: Settings) -> Policy:
    """How all miners behave."""
    return Policy(
        heartbeat_s=settings.heartbeat_s,
        redispatch_s=settings.dispatch.redispatch_s,
        max_attempts=settings.dispatch.max_attempts,
        max_unanswered=settings.dispatch.max_unanswered,
        max_free_jobs=settings.dispatch.max_free_jobs_per_miner,
        reconcile_s=settings.reconcile_every_s,
        backoff=Backoff(floor_s=settings.backoff.floor_s, cap_s=settings.backoff.cap_s),
    )


def make_lines(settings: Settings, out: TextIO) -> Lines:
    """Lines to `out`, in the form that the settings and the kind of output ask for."""
    return Lines(
        out,
        color=wants_color(settings.output.color, out),
        stamped=not out.isatty(),
        as_json=settings.log.format == "json",
        width=partial(columns_of, out),
    )


def make_output(
    settings: Settings, lines: Lines, so_far: tuple[Scope, Scope], books: AnyBooks, wall: WallClock
) -> RunOutput:
    """The running output; `so_far` are the sums of this run, which may have had earlier starts, and of the ledger."""
    of_run, of_ledger = so_far
    return RunOutput(
        lines,
        job_lines_per_s=settings.output.job_lines_per_s,
        status_every_s=settings.output.status_every_s,
        total=of_ledger.booked,
        tally=RunTally(paid=sum(of_run.jobs[state.value] for state in PAID), earned=of_run.booked),
        commit_times=books.times,
        jumps=wall.unreported,
    )
