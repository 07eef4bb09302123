"""Prints the running output of `fleet up`: at least what the original client shows, at a readable pace."""

from __future__ import annotations

import statistics
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from fleet.broker.refusals import BrokerRefusal
from fleet.broker.results import BrokerState
from fleet.coordinator.bookkeeper import CommitTimes
from fleet.coordinator.lines import Lines
from fleet.coordinator.loop import Network
from fleet.coordinator.pending import LedgerState
from fleet.coordinator.scheduler import Farm
from fleet.domain.amounts import ZERO
from fleet.domain.effects import Notice, NoticeKind
from fleet.domain.jobs import MinerSpec
from fleet.domain.wall_clock import Jump

_RULE = "─" * 78
_ROLLUP_S = 1.0
#: problems of the same kind within this many seconds share one line
_TROUBLE_S = 10.0
#: seconds after the start until a missing worker is reported
_STARTING_S = 8.0
_MAX_LATENCIES = 100_000


@dataclass(kw_only=True, slots=True)
class Tally:
    """Figures of a run. Payments include earlier starts in the same run; all other figures are of this start."""

    computed: int = 0
    paid: int = 0
    lost: int = 0
    anomalies: int = 0
    earned: Decimal = ZERO
    overheads_ms: deque[float] = field(default_factory=lambda: deque(maxlen=_MAX_LATENCIES))
    job_types: Counter[str] = field(default_factory=Counter)

    def percentile(self, percent: float) -> float | None:
        """Overhead in ms: the time from a job's fetch to its submission less the kernel; None below two samples."""
        if len(self.overheads_ms) < 2:
            return None
        cuts = statistics.quantiles(self.overheads_ms, n=100, method="inclusive")
        return round(cuts[int(percent) - 1], 3)


class Report:
    """Prints events. Above `job_lines_per_s`, lines about single jobs are summed up."""

    def __init__(
        self,
        lines: Lines,
        *,
        job_lines_per_s: int,
        status_every_s: float,
        total: Decimal,
        tally: Tally | None = None,
        commit_times: Callable[[], CommitTimes] = CommitTimes,
        jumps: Callable[[], Sequence[Jump]] = tuple,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.tally = tally or Tally()
        self._lines = lines
        self._allowance = job_lines_per_s
        self._status_every_s = status_every_s
        self._clock = clock
        self._status_at = clock() + min(status_every_s, 10.0)
        self._total = total
        self._commit_times = commit_times
        self._jumps = jumps
        self._started_at = clock()
        self._second = clock()
        #: number of lines of each kind in this second, shown or not
        self._seen: Counter[str] = Counter()
        #: whether the last second exceeded the limit, so that this whole second is summed up
        self._flooded = False
        self._rolled: Counter[str] = Counter()
        self._rolled_nnet = ZERO
        self._redis_away = False
        self._trouble: dict[str, tuple[float, int]] = {}
        self._last_paid = (clock(), self.tally.paid)
        self._said_no_worker = False

    def banner(self, *, server: str, simulated: bool, specs: list[MinerSpec], ledger: str) -> None:
        """Print the first lines: server, miners, hardware."""
        self._lines.say("═" * 78)
        self._lines.say("    NeoNet fleet · a mining farm on one coordinator", "bold")
        self._lines.say("═" * 78)
        if simulated:
            self._lines.say(
                "SIMULATED: no server was named, so a simulator pays; these rewards are not real.", "yellow"
            )
        self._lines.say(f"Server:    {server}")
        names = ", ".join(spec.miner_id for spec in specs[:4])
        self._lines.say(f"Miners:    {len(specs)} ({names}{', …' if len(specs) > 4 else ''})")
        cores = sorted({spec.cpu_cores for spec in specs})
        a_miner = f"{cores[0]} to {cores[-1]}" if len(cores) > 1 else f"{cores[0]}"
        self._lines.say(f"CPU cores: {a_miner} a miner    GPU: {_gpus(specs)}")
        self._lines.say(f"Ledger:    {ledger}    booked so far: {self._total} NNET")
        self._lines.say(_RULE)

    def notice(self, notice: Notice) -> None:
        """Print an event of a miner."""
        kind = notice.kind
        if kind is NoticeKind.COMPUTED:
            self.tally.computed += 1
            self.tally.job_types[notice.job_type] += 1
            self._job_line(
                f"[JOB]    {notice.miner_id}  {notice.job_type:<18} {notice.job_id[:8]}  "
                f"{notice.worker}  {notice.compute_ms:.1f} ms",
                notice,
            )
        elif kind is NoticeKind.REWARD:
            self._paid(notice)
        elif kind is NoticeKind.INCOME:
            self._earn(notice.amount or ZERO)
            self._job_line(
                f"[REWARD] {notice.miner_id}  {notice.amount:+f} NNET  {notice.text}  "
                f"miner {_short(notice.total)}  farm {_short(self._total)} (ledger)",
                notice,
                "green",
            )
        elif kind is NoticeKind.LOST_JOB:
            self.tally.lost += 1
            # the form that `fleet explain job` takes
            where = f"{notice.miner_id} {notice.job_id[:8]}".strip()
            self._trouble_line(f"[LOST]   {notice.job_type} {notice.text}", where)
        elif kind in {NoticeKind.CALL_FAILED, NoticeKind.ANOMALY, NoticeKind.SESSION_LOST}:
            self.tally.anomalies += 1
            self._trouble_line(f"[WARN]   {notice.text}", notice.miner_id)
        else:
            self._job_line(f"[OK]     {notice.miner_id}  {notice.text}", notice)

    def network(self, network: Network) -> None:
        """Print the fee lines and the phase."""
        gas, phase = network.gas, network.phase
        if gas is None:
            self._lines.say("[GAS]    the server does not tell its fees now", "yellow")
        else:
            self._lines.say(
                f"[GAS]    {gas.fee_model} · NEO transfer {_fee(gas.neo_transfer_fee)} · "
                f"token transfer {_fee(gas.token_transfer_fee)} · congestion {gas.congestion_level} · "
                f"providers {_known(gas.active_providers)}",
                "cyan",
            )
        if phase is not None:
            self._lines.say(
                f"[NET]    phase {phase.phase} · {_known(phase.active_miners)} active miners · "
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
            self._trouble_line(f"[WARN]   {state.reason}{again}", "")
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

    def ledger_doubts(self, doubts: Sequence[str]) -> None:
        """Print why this may not be the ledger of the last start."""
        for doubt in doubts:
            self._lines.say(f"[WARN]   {doubt}; restore the right one, or remove ledger.heads if it is", "yellow")

    def flaw(self, text: str) -> None:
        """Print that a stream entry was not a result."""
        self.tally.anomalies += 1
        self._trouble_line(f"[WARN]   dropped from the results stream: {text}", "")

    def stopping(self, reason: str, outlook: str) -> None:
        """Print that the drain begins; `outlook` says how long it may take, where that needs saying."""
        self._lines.say(
            f"[STOP]   {reason}: no new jobs; open ones finish, results are submitted, sessions are stopped"
        )
        if outlook:
            self._lines.say(f"[STOP]   {outlook}", "yellow")

    def tick(self, farm: Farm, now: float) -> None:
        """Print the sums of lines that were held back, and the status when it is due."""
        if now - self._second >= _ROLLUP_S:
            self._flush(now)
        self._workers(farm, now)
        for jump in self._jumps():
            self._lines.say(f"[WARN]   {jump.text}; entries are dated by what it shows", "yellow")
        if now >= self._status_at:
            self._status_at = now + self._status_every_s
            self._status(farm, now)

    def _workers(self, farm: Farm, now: float) -> None:
        since = farm.no_worker_since
        if since is None and self._said_no_worker:
            self._lines.say("[OK]     a worker takes jobs: they are asked for again")
        # workers that start together with the coordinator take a moment
        elif since is not None and not self._said_no_worker and now - self._started_at >= _STARTING_S:
            words = "no worker takes jobs: none are asked for until one does; sessions are kept"
            self._lines.say(f"[WARN]   {words}", "yellow")
        else:
            return
        self._said_no_worker = since is not None

    def _status(self, farm: Farm, now: float) -> None:
        before, paid = self._last_paid
        pace = (self.tally.paid - paid) / max(now - before, 1e-3)
        self._last_paid = (now, self.tally.paid)
        governor = farm.governor
        commits = self._commit_times()
        unexplained = sum((miner.purse.unexplained for miner in farm.miners.values()), ZERO)
        self._lines.say(
            f"[STATUS] run: {self.tally.paid} jobs paid ({pace:.1f}/s), {_short(self.tally.earned)} · "
            f"ledger: {_short(self._total)} · {farm.open_jobs} open, {farm.at_workers} at workers · "
            f"requests {governor.used(now)} of {int(governor.limit)} in {governor.window_s:g} s, "
            f"{governor.refused} refused, {_room(farm, now)} · "
            f"{self.tally.lost} lost since start · unexplained {unexplained} NNET · "
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
        self._job_line(
            f"[REWARD] {notice.miner_id}  {notice.amount:+f} NNET  miner {_short(notice.total)}  "
            f"farm {_short(self._total)} (ledger){mark}",
            notice,
            "green",
        )

    def _earn(self, amount: Decimal) -> None:
        self.tally.earned += amount
        self._total += amount

    def _job_line(self, text: str, notice: Notice, style: str = "") -> None:
        self._seen[notice.kind.value] += 1
        if not self._flooded and self._seen[notice.kind.value] <= self._allowance:
            self._lines.say(text, style)
            return
        self._rolled[notice.kind.value] += 1
        if notice.kind in {NoticeKind.REWARD, NoticeKind.INCOME}:
            self._rolled_nnet += notice.amount or ZERO

    def _trouble_line(self, text: str, miner_id: str) -> None:
        now = self._clock()
        said_at, held = self._trouble.get(text, (float("-inf"), 0))
        if now - said_at < _TROUBLE_S:
            self._trouble[text] = (said_at, held + 1)
            return
        more = f"  (and {held} more like it)" if held else ""
        if len(self._trouble) > 1000:
            self._trouble.clear()
        self._trouble[text] = (now, 0)
        self._lines.say(f"{text}  [{miner_id}]{more}" if miner_id else f"{text}{more}", "yellow")

    def _flush(self, now: float) -> None:
        if self._rolled:
            parts = " · ".join(f"{count} × {kind}" for kind, count in sorted(self._rolled.items()))
            money = f" · {self._rolled_nnet:+f} NNET · farm {_short(self._total)} (ledger)" if self._rolled_nnet else ""
            self._lines.say(f"[SUM]    {parts}{money}", "green")
        self._rolled.clear()
        self._rolled_nnet = ZERO
        self._flooded = max(self._seen.values(), default=0) > self._allowance
        self._seen.clear()
        self._second = now


def _gpus(specs: list[MinerSpec]) -> str:
    """The GPUs that miners declare, with the number of miners for each where they differ."""
    counts = Counter(f"{spec.gpu_model or 'GPU'} ({spec.gpu_memory_mb} MB)" for spec in specs if spec.gpu_memory_mb)
    if len(counts) == 1 and counts.total() == len(specs):
        return next(iter(counts))
    shown = [f"{count} × {gpu}" for gpu, count in counts.most_common(3)] + ["…"] * (len(counts) > 3)
    return ", ".join(shown) or "none"


def _room(farm: Farm, now: float) -> str:
    """How many miners could be added or are too many, or that no worker computes for them."""
    if farm.no_worker_since is not None:
        return f"NO WORKER for {now - farm.no_worker_since:.0f} s"
    if farm.left_out:
        return f"no room for {farm.left_out} of {len(farm.miners)} miners, whose heartbeats the limit does not carry"
    return f"room for {farm.governor.more_miners(now)} more miners"


def _fee(fee: float | None) -> str:
    return "unknown" if fee is None else f"{fee:.6f} NEO"


def _known(value: float | None) -> str:
    return "?" if value is None else f"{value:g}"


def _short(amount: Decimal | None) -> str:
    return f"{amount:.4f} NNET" if amount is not None else "?"
