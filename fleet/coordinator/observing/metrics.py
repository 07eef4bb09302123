"""Counts the loop's events in the metrics: calls, heartbeats, results, and what was written."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from config.hiding import hidden
from fleet.broker.disguise import of_server
from fleet.coordinator.farms import AnyFarm, by_server
from fleet.coordinator.inbox import Event
from fleet.coordinator.observers import EndedAttempt
from fleet.coordinator.pending import TurnEffects
from fleet.domain.calls import CallKind, Reply
from fleet.domain.effects import Booked, JobMoved, JobOpened
from fleet.domain.jobs import FINAL
from fleet.errors import CallError
from fleet.web.metrics import EventMetrics
from tasks.host.host_names import host_of
from tasks.messages import Outcome

#: the type of a job that an earlier coordinator opened
_UNKNOWN = "unknown"
#: names of job types and of hosts that are remembered
_REMEMBERED = 1_024


class MetricsObserver:
    """Counts events for `metrics`. Miners send a heartbeat every `heartbeat_s`."""

    def __init__(self, metrics: EventMetrics, farm: AnyFarm, *, heartbeat_s: float) -> None:
        self._metrics = metrics
        metrics.queue_of = farm.workers.router.queue_of
        self._heartbeat_s = heartbeat_s
        #: the shown names of job types and of workers' hosts, each worked out once
        self._shown = lru_cache(maxsize=_REMEMBERED)(hidden)
        self._host = lru_cache(maxsize=_REMEMBERED)(_shown_host)
        #: types of open jobs by id within the coordinator
        self._types = {
            of_server(server, opened.job.job_id): hidden(opened.job.job_type)
            for server, one in by_server(farm).items()
            for miner in one.miners.values()
            for opened in miner.restored()
        }
        #: miner id → its session and when its last heartbeat was sent
        self._beats: dict[str, tuple[str, float]] = {}

    def saw(self, events: Sequence[Event]) -> None:
        """Count calls."""
        for event in events:
            if isinstance(event, Reply):
                self._call(event)

    def ended(self, attempts: Sequence[EndedAttempt], server: str, now: float) -> None:  # noqa: ARG002
        """Count what workers computed, and what they failed."""
        for job_type, message in attempts:
            shown, host = self._shown(job_type), self._host(message.worker)
            if message.outcome is Outcome.COMPUTED:
                self._metrics.computed(shown, host, message.compute_ms / 1000)
            else:
                self._metrics.failed(shown, host, message.outcome.value)

    def committed(self, effects: TurnEffects, now: float) -> None:  # noqa: ARG002
        """Count jobs that ended, payments, and jobs that were sent."""
        for write in effects.writes:
            if isinstance(write, JobOpened):
                self._types[of_server(effects.server, write.job.job_id)] = self._shown(write.job.job_type)
            elif isinstance(write, JobMoved) and write.state in FINAL:
                self._metrics.ended(
                    self._types.pop(of_server(effects.server, write.job_id), _UNKNOWN), write.state.value
                )
            elif isinstance(write, Booked):
                self._metrics.booked(write.entry.kind.value)
        for order in effects.dispatches:
            self._metrics.sent(self._shown(order.message.job_type), again=order.message.attempt > 1)

    def tick(self, farm: AnyFarm, now: float) -> None:
        """Nothing is due at the end of a turn."""

    def _call(self, reply: Reply) -> None:
        outcome = type(reply.outcome).__name__ if isinstance(reply.outcome, CallError) else "ok"
        self._metrics.call(reply.call.kind.value, outcome, reply.answered_at - reply.sent_at)
        if reply.call.kind is CallKind.HEARTBEAT:
            miner_id, session_id = reply.call.spec.miner_id, reply.call.session_id
            session, sent_at = self._beats.get(miner_id, ("", 0.0))
            if session == session_id:
                self._metrics.heartbeat(reply.sent_at - sent_at - self._heartbeat_s)
            self._beats[miner_id] = (session_id, reply.sent_at)


def _shown_host(worker: str) -> str:
    return hidden(host_of(worker))
