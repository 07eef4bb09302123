"""The health of a whole farm: what the coordinator sees goes in, conditions come out. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from fleet.health.conditions import Conditions
from fleet.health.farm import Facts, farm_symptoms
from fleet.health.hosts import HostWatch
from fleet.health.kinds import KINDS
from fleet.health.learned import UsualIncome, UsualLevel
from fleet.health.miners import MinerWatch
from fleet.health.signatures import SignatureWatch
from fleet.health.surroundings import Surroundings
from fleet.health.symptom import FARM, Symptom, host_subject, is_part
from fleet.status.fresh import FreshPayments
from fleet.status.snapshot import MinerFigures, Wrong

#: share of its usual income below which a farm counts as slower, and above which no longer
_SLOWER, _SLOWER_NO_MORE = 0.7, 0.8
#: by how much the share of accepted jobs must have fallen, and over how many jobs
_FELL, _JOBS = 0.1, 200
#: longest time between two looks that counts, in seconds
_MOST_S = 5.0
#: weight of lower income in the usual income: after some hours, it has become the usual one
_SLOWLY = 0.1
#: how many times the length of the recent mean after a stop shows what the farm earns again
_AFTER_STOPS = 3.0
#: what a farm shows when all of its miners are paused
_OF_A_PAUSE = frozenset({"no_session", "unpaid", "no_worker"})
#: what pauses a host, and so is shown in spite of the pause
_IN_A_PAUSE = frozenset({"wrong_results"})
#: how subjects begin that are job types: every miner may have got a job of one
_TYPE = "type "
#: the same when all worker hosts are
_OF_PAUSED_HOSTS = frozenset({"no_worker", "unpaid"})


class FarmHealth:
    """Learns what is usual, and says what is wrong. Times are monotonic seconds."""

    def __init__(self, *, kernel_version: str, now: float) -> None:
        self.hosts = HostWatch(kernel_version)
        self.miners = MinerWatch(now)
        self.surroundings = Surroundings()
        self.signatures = SignatureWatch()
        self._conditions = Conditions()
        self._income = UsualIncome()
        self._ratio = UsualLevel(_JOBS)
        self._fresh = 0.0
        self._looked_at = now
        self._slower = False
        #: when the farm last could not earn anything
        self._stopped_at = float("-inf")

    @property
    def worth(self) -> float | None:
        """NNET a day that the farm usually earns; None until that is learnt."""
        return self._income.usual_per_day

    def paid(self, miner: str, fresh: FreshPayments) -> None:
        """Jobs of `miner` were paid."""
        self._fresh += float(fresh.job_amount)
        self._ratio.seen(1.0, fresh.jobs)
        self.miners.paid(miner, fresh)

    def lost(self, miner: str) -> None:
        """A job of `miner` ended without a payment."""
        self._ratio.seen(0.0)
        self.miners.lost(miner)

    def wrong(
        self,
        facts: Facts,
        rows: Sequence[MinerFigures],
        online: Collection[str] | None,
        now: float,
        now_ms: int,
        *,
        excused: Collection[str] = (),
        paused: Collection[str] = (),
        resting: Collection[str] = (),
    ) -> tuple[Wrong, ...]:
        """Call once a second: everything that is wrong now.

        `rows` are the miners of the snapshot, `online` the hosts whose workers give signs of life, None while unknown,
        `excused` the miners whose server is down or whose job is of a paused type. What is `paused` is not wrong:
        subjects, FARM if all miners are; what is usual is neither learnt nor compared with then. Nor is it while hosts
        are `resting` by limits of their own.
        """
        whole = [one for one in farm_symptoms(replace(facts, worth=self.worth)) if not _follows(one, paused)]
        no_jobs = {*paused, *map(host_subject, resting)}
        if no_hosts := facts.workers_pause or self.hosts.all_paused(no_jobs, online or ()):
            whole = [one for one in whole if one.kind not in _OF_PAUSED_HOSTS]
        stopped = FARM in paused or no_hosts or any(KINDS[one.kind].stops for one in whole)
        elapsed_s, self._looked_at = min(max(now - self._looked_at, 0.0), _MOST_S), now
        fresh, self._fresh = self._fresh, 0.0
        less = bool(stopped or paused or resting)
        self._income.passed(fresh, elapsed_s, learn=0.0 if less else _SLOWLY if self._slower else 1.0)
        if less:
            self._stopped_at = now
        parts = [
            *self.hosts.look(self._income.drop_per_day, now, online=online, idle=stopped, paused=no_jobs),
            *self.miners.look(rows, now, idle=stopped, excused=excused),
            *self.surroundings.look(now_ms / 1000),
            *self.signatures.look(now),
        ]
        found = self._conditions.of([*whole, *parts, *self._sunk(parts, now)], now, now_ms)
        return tuple(
            one for one in found if one.subject not in paused or one.subject == FARM or one.kind in _IN_A_PAUSE
        )

    def _sunk(self, parts: Sequence[Symptom], now: float) -> Iterator[Symptom]:
        """What is worse than it was, unless the cause is known."""
        usual, lately = self._income.usual_per_day, self._income.lately_per_day
        ratio = self._ratio
        if ratio.count >= _JOBS and ratio.lately < ratio.usual - _FELL:
            lost = lately * (ratio.usual / ratio.lately - 1) if ratio.lately > 0 else None
            text = "The server accepts a smaller share of the farm's jobs than before."
            yield Symptom(kind="accept_ratio", subject=FARM, text=text, nnet_per_day=lost)
        if usual is None or now - self._stopped_at < _AFTER_STOPS * UsualIncome.LATELY_S:
            return
        explained = any(is_part(one.subject) and one.nnet_per_day for one in parts)
        self._slower = lately < (_SLOWER_NO_MORE if self._slower else _SLOWER) * usual
        if self._slower and not explained:
            text = "The farm earns less than it usually does."
            yield Symptom(kind="slower", subject=FARM, text=text, nnet_per_day=usual - lately)


def _follows(one: Symptom, paused: Collection[str]) -> bool:
    """Whether a symptom is only what a pause of all miners, of a job type, or of its own subject, looks like."""
    if one.kind == "unpaid" and any(subject.startswith(_TYPE) for subject in paused):
        return True
    return (FARM in paused and one.kind in _OF_A_PAUSE) or (one.subject in paused and one.subject != FARM)
