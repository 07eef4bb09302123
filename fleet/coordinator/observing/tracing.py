"""Feeds the loop's events to the spans of jobs: what was opened, computed and ended."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal

from config.hiding import hidden
from fleet.broker.disguise import of_server
from fleet.coordinator.farms import AnyFarm
from fleet.coordinator.inbox import Event
from fleet.coordinator.observers import EndedAttempt
from fleet.coordinator.pending import TurnEffects
from fleet.domain.amounts import ZERO, EntryKind
from fleet.domain.effects import Booked, JobMoved, JobOpened
from fleet.domain.jobs import FINAL
from fleet.tracing.job_spans import JobSpans
from fleet.tracing.opening import open_traces
from tasks.broker.handshake import release
from tasks.host.host_names import host_of


class TracingObserver:
    """Follows each job from its assignment to its end. `names` are miners' names by id, `now_ns` is Unix time."""

    def __init__(self, spans: JobSpans, names: Mapping[str, str], now_ns: Callable[[], int]) -> None:
        self._spans = spans
        self._names = names
        self._now_ns = now_ns

    def saw(self, events: Sequence[Event]) -> None:
        """No event counts before it is processed."""

    def ended(self, attempts: Sequence[EndedAttempt], server: str, now: float) -> None:  # noqa: ARG002
        """Note which host ended an attempt."""
        for _, message in attempts:
            self._spans.computed(of_server(server, message.job_id), hidden(host_of(message.worker)))

    def committed(self, effects: TurnEffects, now: float) -> None:  # noqa: ARG002
        """Note jobs that were opened and that ended, and what was booked for them."""
        at_ns = self._now_ns()
        booked: dict[str, Decimal] = {}
        for write in effects.writes:
            if isinstance(write, Booked) and write.entry.kind is EntryKind.JOB and write.entry.job_id is not None:
                booked[write.entry.job_id] = booked.get(write.entry.job_id, ZERO) + write.entry.amount
        for write in effects.writes:
            if isinstance(write, JobOpened):
                miner = self._names.get(write.miner_id, hidden(write.miner_id))
                job_id = of_server(effects.server, write.job.job_id)
                self._spans.opened(job_id, job_type=hidden(write.job.job_type), miner=miner, at_ns=at_ns)
            elif isinstance(write, JobMoved) and write.state in FINAL:
                job_id = of_server(effects.server, write.job_id)
                self._spans.ended(job_id, write.state.value, booked.get(write.job_id), at_ns)

    def tick(self, farm: AnyFarm, now: float) -> None:
        """Nothing is due at the end of a turn."""


@contextlib.contextmanager
def tracing(url: str | None, names: Mapping[str, str]) -> Iterator[list[TracingObserver]]:
    """The observer that sends spans to `url`; none without a URL. Raises WrongSetting without OpenTelemetry's SDK."""
    if url is None:
        yield []
        return
    with contextlib.closing(open_traces(url, release=release())) as sink:
        yield [TracingObserver(JobSpans(sink.put), names, time.time_ns)]
