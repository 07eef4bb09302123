"""The metrics of events: calls, heartbeats, jobs, and celery-exporter's counters of Celery tasks.

Names and labels of `celery_…` are those of celery-exporter, so that its boards and alerts work. Each job counts as a
task of its own, also where several shared a message. Label sets are bounded, and no label holds an id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from fleet.status.collected import MOST_HOSTS, MOST_TYPES
from fleet.status.tallies import Names
from fleet.web.counts import LabelledCounter, LabelledHistogram
from tasks.messages import JOBS_QUEUE, TASK_PREFIX

#: what celery-exporter calls the host of a task that no worker has taken yet
_SENDER = "coordinator"
_CALL_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0)
_LATE_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_KERNEL_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_TASK = ("name", "hostname", "queue_name")


class EventMetrics(Collector):
    """Counts events on one thread. Any thread may collect at any time."""

    def __init__(self, *, release: str) -> None:
        self._types, self._hosts = Names(MOST_TYPES), Names(MOST_HOSTS)
        self._release = release
        #: the queue that now takes jobs of a type
        self.queue_of: Callable[[str], str] = lambda _: JOBS_QUEUE
        self._calls = LabelledHistogram(
            "neonet_call_duration_seconds",
            "Calls to the NeoNet server by endpoint and outcome, from the request to the answer or error.",
            ("endpoint", "outcome"),
            _CALL_S,
        )
        self._late = LabelledHistogram(
            "neonet_heartbeat_lateness_seconds", "How much later than due heartbeats were sent.", (), _LATE_S
        )
        self._jobs = LabelledCounter(
            "neonet_jobs", "Jobs that ended, by their final state and type.", ("outcome", "type")
        )
        self._payments = LabelledCounter("neonet_payments", "Payments that were booked, by kind.", ("kind",))
        self._sent = LabelledCounter("celery_task_sent", "Jobs sent to the workers' queue.", _TASK)
        self._retried = LabelledCounter("celery_task_retried", "Jobs sent again after an attempt.", _TASK)
        self._succeeded = LabelledCounter("celery_task_succeeded", "Jobs that a worker computed.", _TASK)
        self._failed = LabelledCounter(
            "celery_task_failed",
            "Attempts at jobs that gave no result, with the outcome as exception.",
            ("name", "hostname", "exception", "queue_name"),
        )
        self._runtime = LabelledHistogram("celery_task_runtime", "Seconds in the kernel of a job.", _TASK, _KERNEL_S)

    def collect(self) -> Iterator[Metric]:
        """All that was counted so far."""
        build = GaugeMetricFamily("neonet_build_info", "Release of the coordinator.", labels=("version",))
        build.add_metric((self._release,), 1)
        yield build
        for one in (self._calls, self._late, self._jobs, self._payments):
            yield one.family()
        for one in (self._sent, self._retried, self._succeeded, self._failed, self._runtime):
            yield one.family()

    def call(self, endpoint: str, outcome: str, seconds: float) -> None:
        """A call ended."""
        self._calls.add((endpoint, outcome), seconds)

    def heartbeat(self, late_s: float) -> None:
        """A heartbeat was sent."""
        self._late.add((), late_s)

    def ended(self, job_type: str, outcome: str) -> None:
        """A job reached its final state."""
        self._jobs.add((outcome, self._types.of(job_type)))

    def jobs_ended(self) -> dict[tuple[str, str], int]:
        """The number of jobs that ended, by final state and type. Any thread may ask at any time."""
        return {(outcome, job_type): count for (outcome, job_type), count in self._jobs.counts().items()}

    def booked(self, kind: str) -> None:
        """A payment was booked."""
        self._payments.add((kind,))

    def sent(self, job_type: str, *, again: bool) -> None:
        """A job was handed to the dispatcher."""
        labels = (self._task(job_type), _SENDER, self.queue_of(job_type))
        self._sent.add(labels)
        if again:
            self._retried.add(labels)

    def computed(self, job_type: str, host: str, seconds: float) -> None:
        """A worker computed a job."""
        labels = (self._task(job_type), self._hosts.of(host), self.queue_of(job_type))
        self._succeeded.add(labels)
        self._runtime.add(labels, seconds)

    def failed(self, job_type: str, host: str, outcome: str) -> None:
        """An attempt at a job gave no result."""
        self._failed.add((self._task(job_type), self._hosts.of(host), outcome, self.queue_of(job_type)))

    def _task(self, job_type: str) -> str:
        return TASK_PREFIX + self._types.of(job_type)
