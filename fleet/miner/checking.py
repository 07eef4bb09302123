"""Compares the results that hosts gave of one miner's jobs, and decides each job by them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from fleet.audit.comparing import HostResult
from fleet.audit.settling import contradicting, host_that_claims, settle
from fleet.domain.causes import Loss
from fleet.domain.checks import Checked, Screened
from fleet.domain.effects import Dispatch, Effect
from fleet.domain.events import HoldOver, HostDistrusted, HostsLeft
from fleet.domain.jobs import JobState
from fleet.domain.turn import NEVER
from fleet.miner.job import ActiveJob
from fleet.miner.job_notices import anomaly, computed
from fleet.miner.strikes import pause_s
from tasks.host.host_names import host_of

#: waits for a result after which a job is decided by what was found out until then
_CHECK_WAITS = 2
#: longest wait for another host's result during a drain, in seconds; the drain itself may last 20
_LAST_CHECK_S = 2.0
#: most results of one job that are compared
_MOST_CLAIMS = 5


class Checking:
    """Decides the jobs whose results are checked or held. Times are monotonic seconds."""

    def __init__(
        self,
        miner_id: str,
        jobs: Mapping[str, ActiveJob],
        redispatch_s: float,
        order: Callable[[ActiveJob, float], Dispatch],
    ) -> None:
        """`jobs` are the open ones, by id; `order` requests a job's next attempt."""
        self._miner_id = miner_id
        self._jobs = jobs
        self._order = order
        #: how long a result waits for that of another host, in seconds
        self._check_s = redispatch_s * _CHECK_WAITS

    def on(self, event: HoldOver | HostDistrusted | HostsLeft, now: float) -> list[Effect]:
        """Take in what was found out about hosts."""
        match event:
            case HoldOver():
                return self._hold_over(event, now)
            case HostDistrusted():
                return self._distrust(event.host, now)
            case HostsLeft():
                alone = [one for one in self._jobs.values() if one.claims and not _open_to_others(one, event.able)]
                return [effect for active in alone for effect in self.decide(active)]

    def claimed(
        self, active: ActiveJob, claim: HostResult, able: Collection[str], now: float, *, held: bool
    ) -> list[Effect]:
        """Take in a result: decide the job by it, or have another host compute it, too, unless it is to be `held`."""
        claims, answer = active.claims, (claim.message.attempt, claim.message.worker)
        if any((one.message.attempt, one.message.worker) == answer for one in claims):
            # the stream's entry came twice
            return []
        if not claims:
            # a result that is submitted after the deadline earns nothing
            active.decided_by = now + min(self._check_s, (active.expires_at - now) / 2)
        claims.append(claim)
        settled = settle(active.job.job_type, claims)
        if settled is not None:
            active.checked = True
            extra_ms = sum(one.message.compute_ms for one in claims) - settled.claim.message.compute_ms
            found = Checked(
                job_id=active.job.job_id,
                agreed=settled.agreed,
                wrong=settled.wrong,
                first=host_that_claims(claims[0]),
                extra_ms=extra_ms,
            )
            return [*self.computed(active, settled.claim), found]
        effects = self._without_contradicting(active)
        if active.claims and (len(active.claims) >= _MOST_CLAIMS or not _open_to_others(active, able)):
            return [*effects, *self.decide(active)]
        # once two hosts disagree, only a third can decide
        active.held = held and len({host_that_claims(one) for one in active.claims}) == 1
        if active.held or claim.message.attempt < active.attempt:
            # nobody is to compute it yet, or the next attempt is under way
            return effects
        order = self._order(active, now)
        return [*effects, active.moved(JobState.ASSIGNED), order]

    def hurry(self, now: float) -> None:
        """The farm ends: let no check wait for long, so that its job is submitted before the drain is over."""
        self._check_s = min(self._check_s, _LAST_CHECK_S)
        for active in self._jobs.values():
            if active.is_checked:
                active.decided_by = min(active.decided_by, now + self._check_s)

    def decide(self, active: ActiveJob) -> list[Effect]:
        """Decide a checked job without further results: one that nobody contradicts is submitted unchecked."""
        hosts = sorted({host_that_claims(one) for one in active.claims})
        if len(hosts) == 1:
            return [
                *self.computed(active, active.claims[0]),
                Checked(job_id=active.job.job_id, unchecked=hosts[0]),
            ]
        active.claims, active.decided_by, active.held = [], NEVER, False
        # the server reads this, so it names no host
        active.fail("hosts computed different results", JobState.QUARANTINED, Loss.KERNEL)
        cause = f"{' and '.join(hosts)} computed different results, and no other host could decide"
        note = anomaly(self._miner_id, cause, active.job.job_id)
        found = Checked(job_id=active.job.job_id, disputed=True)
        return [active.moved(JobState.COMPUTED, cause=cause, loss=Loss.KERNEL), found, note]

    def computed(self, active: ActiveJob, claim: HostResult) -> list[Effect]:
        """Take a result as that of the job."""
        message = claim.message
        active.claims, active.decided_by, active.held, active.kind = [], NEVER, False, claim.kind
        active.result = {**message.result, "compute_time_ms": round(message.compute_ms, 3)}
        active.compute_ms, active.worker, active.kernel_version = (
            message.compute_ms,
            message.worker,
            message.kernel_version,
        )
        return [active.moved(JobState.COMPUTED, computed_by=message), computed(self._miner_id, active)]

    def _hold_over(self, event: HoldOver, now: float) -> list[Effect]:
        """Take a result that was held, or have another host compute the job, too."""
        active = self._jobs.get(event.job_id)
        if active is None or not active.held:
            return []
        active.held = False
        if event.screened is Screened.TAKEN:
            return self.computed(active, active.claims[0])
        if active.claims[-1].message.attempt < active.attempt:
            # the next attempt is under way
            return []
        order = self._order(active, now)
        return [active.moved(JobState.ASSIGNED), order]

    def _distrust(self, host: str, now: float) -> list[Effect]:
        """Have computed again what this host computed alone and was not submitted, and forget its other results."""
        effects: list[Effect] = []
        for active in self._jobs.values():
            alone = active.state is JobState.COMPUTED and not active.checked and not active.failure
            by_host = [one.message.worker for one in active.claims if host_that_claims(one) == host]
            active.claims = [one for one in active.claims if host_that_claims(one) != host]
            if active.held and not active.claims:
                active.held, active.decided_by = False, NEVER
                active.failed_on.update(by_host)
            elif alone and not active.sends and host_of(active.worker) == host:
                active.result = None
                active.failed_on.add(active.worker)
            else:
                continue
            # another order of this turn may be with the dispatcher
            active.ordered, active.redispatch_at = False, now + pause_s(1)
            effects.append(active.moved(JobState.ASSIGNED))
        return effects

    def _without_contradicting(self, active: ActiveJob) -> list[Effect]:
        """Drop the results of hosts that contradict themselves."""
        wrong = contradicting(active.job.job_type, active.claims)
        if not wrong:
            return []
        dropped = [one for one in active.claims if host_that_claims(one) in wrong]
        active.claims = [one for one in active.claims if host_that_claims(one) not in wrong]
        active.failed_on.update(one.message.worker for one in dropped)
        extra_ms = sum(one.message.compute_ms for one in dropped)
        return [Checked(job_id=active.job.job_id, wrong=tuple(sorted(wrong)), extra_ms=extra_ms)]


def _open_to_others(active: ActiveJob, able: Collection[str]) -> bool:
    """Whether a further answer may decide a checked job: of another host, or of several that are asked again."""
    answered = {host_that_claims(one) for one in active.claims}
    return len(answered) > 1 or any(host_of(one) not in answered for one in able if one not in active.failed_on)
