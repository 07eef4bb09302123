"""Prints the running output of `fleet up`: at least what the original client shows, at a readable pace.

One file: one method for each kind of event, so that all messages can be read together.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from decimal import Decimal

from config.settings import Settings
from fleet.broker.refusals import BrokerRefusal
from fleet.broker.results import BrokerState
from fleet.coordinator.bookkeeper import CommitTimes
from fleet.coordinator.farms import AnyFarm, Farms, count
from fleet.coordinator.inbox import Network
from fleet.coordinator.output.drain_lines import DrainLines
from fleet.coordinator.output.lines import Lines
from fleet.coordinator.output.pacing import PacedLines
from fleet.coordinator.output.tally import RunTally
from fleet.coordinator.pending import LedgerState
from fleet.coordinator.scheduling.auto_miners import AutoMiners
from fleet.coordinator.scheduling.scheduler import Farm
from fleet.domain.amounts import ZERO
from fleet.domain.effects import Notice, NoticeKind
from fleet.domain.wall_clock import Jump
from fleet.money.readable import gained, readable

#: seconds after the start until a missing worker is reported
_STARTING_S = 8.0
_NO_WORKER = "[WARN]   no worker takes jobs: no jobs are fetched until one does; sessions are kept"
_PAUSING = "[STEER]  every worker pauses: {}; no jobs are fetched, and sessions are kept"
#: fee in NEO from which scientific notation is used; a server may state one of 300 digits
_MOST_PLAIN_FEE = 1e9


class RunOutput:
    """Prints events. Above `job_lines_per_s`, lines about single jobs are summed up."""

    def __init__(
        self,
        lines: Lines,
        *,
        job_lines_per_s: int,
        status_every_s: float,
        total: Decimal,
        tally: RunTally | None = None,
        commit_times: Callable[[], CommitTimes] = CommitTimes,
        jumps: Callable[[], Sequence[Jump]] = tuple,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.tally = tally or RunTally()
        self._lines = lines
        self._paced = PacedLines(lines, job_lines_per_s=job_lines_per_s, clock=clock)
        self._status_every_s = status_every_s
        self._status_at = clock() + min(status_every_s, 10.0)
        self._total = total
        self._commit_times = commit_times
        self._jumps = jumps
        self._started_at = clock()
        self._redis_away = False
        self._last_paid = (clock(), self.tally.paid)
        #: what was last printed while no worker takes jobs, before the hosts' reasons; empty while one does
        self._said_absent = ""
        self._clock = clock
        self._drain: DrainLines | None = None

    def notice(self, notice: Notice) -> None:
        """Print an event of a miner."""
        kind = notice.kind
        if kind is NoticeKind.COMPUTED:
            self.tally.computed += 1
            self.tally.job_types[notice.job_type] += 1
            self._paced.job(
                f"[JOB]    {notice.miner_id}  {notice.job_type:<18} {notice.job_id[:8]}  "
                f"{notice.worker}  {notice.compute_ms:.1f} ms",
                notice,
            )
        elif kind is NoticeKind.REWARD:
            self._paid(notice)
        elif kind is NoticeKind.INCOME:
            self._earn(notice.amount or ZERO)
            self._paced.job(
                f"[REWARD] {notice.miner_id}  {_gain(notice)}  {notice.text}  {self._sums(notice)}",
                notice,
                "green",
            )
        elif kind is NoticeKind.LOST_JOB:
            self.tally.lost += 1
            # the form that `fleet explain job` takes
            where = f"{notice.miner_id} {notice.job_id[:8]}".strip()
            self._paced.trouble(f"[LOST]   {notice.job_type} {notice.text}", where)
        elif kind in {NoticeKind.CALL_FAILED, NoticeKind.ANOMALY, NoticeKind.SESSION_LOST}:
            self.tally.anomalies += 1
            self._paced.trouble(f"[WARN]   {notice.text}", notice.miner_id)
        elif kind is NoticeKind.WALLET:
            self._wallet(notice)
        elif kind is NoticeKind.EARNING:
            self._lines.say(f"[EARN]   {notice.text}")
        elif kind is NoticeKind.CONTROL:
            self._lines.say(f"[STEER]  {notice.text}")
        else:
            self._paced.job(f"[OK]     {notice.miner_id}  {notice.text}", notice)

    def network(self, network: Network) -> None:
        """Print the fee lines and the phase."""
        gas, phase, where = network.gas, network.phase, f"{network.server}: " if network.server else ""
        if gas is None:
            self._lines.say(f"[GAS]    {where}fees unavailable", "yellow")
        else:
            self._lines.say(
                f"[GAS]    {where}{gas.fee_model} · NEO transfer {_fee(gas.neo_transfer_fee)} · "
                f"token transfer {_fee(gas.token_transfer_fee)} · congestion {gas.congestion_level} · "
                f"providers {_known(gas.active_providers)}",
                "cyan",
            )
        if phase is not None:
            self._lines.say(
                f"[NET]    {where}phase {phase.phase} · {_known(phase.active_miners)} active miners · "
                f"load: servers {_known(phase.server_load)} %, miners {_known(phase.miner_load)} %",
                "cyan",
            )

    def broker(self, state: BrokerState | BrokerRefusal) -> None:
        """Print that Redis refuses something, was lost, was found again or was repaired."""
        if isinstance(state, BrokerRefusal):
            self._refusal(state)
            return
        self._redis_away = not state.reachable
        if not state.reachable:
            self._lines.say(f"[WARN]   Redis does not answer: {state.reason}; jobs wait in the ledger", "yellow")
        elif state.reason:
            self.tally.anomalies += 1
            again = "; open jobs are dispatched again" if state.emptied else ""
            self._paced.trouble(f"[WARN]   {state.reason}{again}")
        elif state.emptied:
            self._lines.say("[WARN]   Redis came back empty; open jobs are dispatched again from the ledger", "yellow")
        else:
            self._lines.say("[OK]     Redis answers again")

    def _refusal(self, state: BrokerRefusal) -> None:
        if self._redis_away:
            # one line is enough for one failure
            return
        if state.reason:
            text = f"Redis takes no {state.what}: {state.reason}; {state.count} {state.meanwhile}"
            self._lines.say(f"[WARN]   {text}", "yellow")
        else:
            self._lines.say(f"[OK]     Redis takes {state.what} again")

    def ledger(self, state: LedgerState) -> None:
        """Print that ledger writes are late or on time again."""
        if state.reason:
            waited = f"waited {state.waited_s:.1f} s so far"
            self._lines.say(f"[WARN]   {state.reason}: {waited}; mining pauses, heartbeats go on", "yellow")
        else:
            self._lines.say(f"[OK]     the ledger can be used again, after {state.waited_s:.1f} s")

    def flaw(self, text: str) -> None:
        """Print that a stream entry was not a result."""
        self.tally.anomalies += 1
        self._paced.trouble(f"[WARN]   dropped from the results stream: {text}")

    def stopping(self, reason: str, outlook: str, ends_at: float) -> None:
        """Print that the drain begins and lasts until `ends_at` at most; `outlook` is printed if much is left."""
        self._drain = DrainLines(self._lines, ends_at, self._clock())
        self._lines.say(f"[STOP]   {reason}: finishing the open jobs, then stopping the sessions")
        if outlook:
            self._lines.say(f"[STOP]   {outlook}", "yellow")

    def reloaded(self, settings: Settings) -> None:
        """Keep to another pace from now on."""
        self._paced.job_lines_per_s = settings.output.job_lines_per_s
        self._status_every_s = settings.output.status_every_s

    def tick(self, farm: AnyFarm, now: float) -> None:
        """Print the sums of lines that were held back, and the status when it is due."""
        self._paced.flush(now, _short(self._total))
        self._workers(farm, now)
        for jump in self._jumps():
            self._lines.say(f"[WARN]   {jump.text}; new entries carry the new time", "yellow")
        if farm.draining and self._drain is not None:
            self._drain.tick(farm, now)
        if now >= self._status_at:
            self._status_at = now + self._status_every_s
            self._status(farm, now)

    def _workers(self, farm: AnyFarm, now: float) -> None:
        absent = "" if farm.workers.absent_since is None else _PAUSING if farm.workers.pausing else _NO_WORKER
        # workers that start together with the coordinator take a moment
        if absent == self._said_absent or (absent and now - self._started_at < _STARTING_S):
            return
        self._said_absent = absent
        if not absent:
            self._lines.say("[OK]     a worker takes jobs: jobs are fetched again")
        else:
            self._lines.say(absent.format(farm.workers.pausing), "yellow" if absent == _NO_WORKER else "")

    def _status(self, farm: AnyFarm, now: float) -> None:
        before, paid = self._last_paid
        pace = (self.tally.paid - paid) / max(now - before, 1e-3)
        self._last_paid = (now, self.tally.paid)
        governor = farm.governor
        commits = self._commit_times()
        unexplained = sum((miner.account.unexplained for miner in farm.miners.values()), ZERO)
        self._lines.say(
            f"[STATUS] run: {self.tally.paid} jobs paid ({pace:.1f}/s), {_short(self.tally.earned)} · "
            f"ledger: {_short(self._total)} · {len(farm.jobs)} open, {farm.jobs.at_workers} at workers · "
            f"requests {governor.used(now)} of {int(governor.limit)} in {governor.window_s:g} s, "
            f"{governor.refused} refused, {_room(farm, now)} · "
            f"{self.tally.lost} lost since start · unexplained {readable(unexplained)} NNET · "
            f"commits {commits.median_ms:.1f} ms, at worst {commits.worst_ms:.0f} ms",
            "bold",
        )
        if commits.log_grown:
            self._lines.say(f"[WARN]   {commits.log_grown}", "yellow")

    def _paid(self, notice: Notice) -> None:
        self.tally.paid += 1
        self._earn(notice.amount or ZERO)
        if notice.overhead_ms is not None:
            self.tally.overheads_ms.append(notice.overhead_ms)
        mark = "" if notice.confirmed else "  (unconfirmed)"
        self._paced.job(
            f"[REWARD] {notice.miner_id}  {_gain(notice)}  {self._sums(notice)}{mark}",
            notice,
            "green",
        )

    def _wallet(self, notice: Notice) -> None:
        """Print each amount that left a wallet; sum up what a server that forgot did to the wallets."""
        self.tally.anomalies += 1
        if notice.amount is None:
            self._paced.trouble(f"[WALLET] {notice.text}", notice.miner_id)
        else:
            self._lines.say(f"[WALLET] {notice.miner_id}  {notice.text}", "red")

    def _sums(self, notice: Notice) -> str:
        miner = "?" if notice.total is None else f"{notice.total:.4f}"
        return f"miner {miner}  farm {self._total:.4f} (ledger)"

    def _earn(self, amount: Decimal) -> None:
        self.tally.earned += amount
        self._total += amount


def _room(farm: AnyFarm, now: float) -> str:
    """How many miners could be added or are too many, or why that is unknown."""
    if isinstance(farm, Farms):
        return " · ".join(f"{name}: {_of_several(one, now)}" for name, one in farm.by_server.items())
    if farm.workers.absent_since is not None:
        what = "every worker has paused" if farm.workers.pausing else "NO WORKER"
        return f"{what} for {now - farm.workers.absent_since:.0f} s"
    if farm.auto.follows:
        return f"{farm.auto.own} of {count(farm)} miners open{_expected(farm.auto)}"
    left_out = farm.timetable.left_out
    if left_out:
        return f"no room for {left_out} of {count(farm)} miners, since heartbeats may take half of the limit"
    if not any(miner.in_session for miner in farm.miners.values()):
        return "no session is open"
    if farm.server.away:
        return "the server does not answer"
    advice = farm.auto.adviser.advice
    if advice is not None and advice.clear:
        return advice.sentence
    return f"room for {farm.governor.more_miners(now)} more miners"


def _of_several(farm: Farm, now: float) -> str:
    if farm.server.away:
        return "no answer"
    return "standing by" if farm.auto.standing_by else _room(farm, now)


def _expected(auto: AutoMiners) -> str:
    """The expected income, once it can be estimated."""
    if not auto.model.ready or not auto.own:
        return ""
    income = auto.model.income(auto.own)
    return f", {income.total * 60:.4g} NNET a minute expected (±{income.error * 100:.0f} %)"


def _gain(notice: Notice) -> str:
    return f"{gained(notice.amount or ZERO)} NNET"


def _fee(fee: float | None) -> str:
    return "unknown" if fee is None else f"{fee:.6f} NEO" if abs(fee) < _MOST_PLAIN_FEE else f"{fee:g} NEO"


def _known(value: float | None) -> str:
    return "?" if value is None else f"{value:g}"


def _short(amount: Decimal | None) -> str:
    return f"{amount:.4f} NNET" if amount is not None else "?"
