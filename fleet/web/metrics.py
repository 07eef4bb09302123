"""The metrics of events: calls, heartbeats, jobs, and celery-exporter's counters of Celery tasks.

Names and labels of `celery_…` are those of celery-exporter, so that its boards and alerts work. Each job counts as a
task of its own, also where several shared a message. Label sets are bounded, and no label holds an id.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from fleet.status.collected import MOST_HOSTS, MOST_TYPES
from fleet.status.tallies import Names
from tasks.messages import JOBS_QUEUE, TASK_PREFIX

#: what celery-exporter calls the host of a task that no worker has taken yet
_SENDER = "coordinator"
_CALL_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0)
_LATE_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_KERNEL_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_TASK = ("name", "hostname", "queue_name")


class EventMetrics:
    """Counts events. Any thread may read the registry at any time."""

    def __init__(self, registry: CollectorRegistry, *, release: str) -> None:
        self._types, self._hosts = Names(MOST_TYPES), Names(MOST_HOSTS)
        build = Gauge("neonet_build_info", "Release of the coordinator.", ("version",), registry=registry)
        build.labels(release).set(1)
        self._calls = Histogram(
            "neonet_call_duration_seconds",
            "Calls to the NeoNet server by endpoint and outcome, from the request to the answer or error.",
            ("endpoint", "outcome"),
            buckets=_CALL_S,
            registry=registry,
        )
        self._late = Histogram(
            "neonet_heartbeat_lateness_seconds",
            "How much later than due heartbeats were sent.",
            buckets=_LATE_S,
            registry=registry,
        )
        self._jobs = Counter(
            "neonet_jobs", "Jobs that ended, by their final state and type.", ("outcome", "type"), registry=registry
        )
        self._payments = Counter("neonet_payments", "Payments that were booked, by kind.", ("kind",), registry=registry)
        self._sent = Counter("celery_task_sent", "Jobs sent to the workers' queue.", _TASK, registry=registry)
        self._retried = Counter("celery_task_retried", "Jobs sent again after an attempt.", _TASK, registry=registry)
        self._succeeded = Counter("celery_task_succeeded", "Jobs that a worker computed.", _TASK, registry=registry)
        self._failed = Counter(
            "celery_task_failed",
            "Attempts at jobs that gave no result, with the outcome as exception.",
            ("name", "hostname", "exception", "queue_name"),
            registry=registry,
        )
        self._runtime = Histogram(
            "celery_task_runtime", "Seconds in the kernel of a job.", _TASK, buckets=_KERNEL_S, registry=registry
        )

    def call(self, endpoint: str, outcome: str, seconds: float) -> None:
        """A call ended."""
        self._calls.labels(endpoint, outcome).observe(max(seconds, 0.0))

    def heartbeat(self, late_s: float) -> None:
        """A heartbeat was sent."""
        self._late.observe(max(late_s, 0.0))

    def ended(self, job_type: str, outcome: str) -> None:
        """A job reached its final state."""
        self._jobs.labels(outcome, self._types.of(job_type)).inc()

    def booked(self, kind: str) -> None:
        """A payment was booked."""
        self._payments.labels(kind).inc()

    def sent(self, job_type: str, *, again: bool) -> None:
        """A job was handed to the dispatcher."""
        labels = (self._task(job_type), _SENDER, JOBS_QUEUE)
        self._sent.labels(*labels).inc()
        if again:
            self._retried.labels(*labels).inc()

    def computed(self, job_type: str, host: str, seconds: float) -> None:
        """A worker computed a job."""
        labels = (self._task(job_type), self._hosts.of(host), JOBS_QUEUE)
        self._succeeded.labels(*labels).inc()
        self._runtime.labels(*labels).observe(max(seconds, 0.0))

    def failed(self, job_type: str, host: str, outcome: str) -> None:
        """An attempt at a job gave no result."""
        self._failed.labels(self._task(job_type), self._hosts.of(host), outcome, JOBS_QUEUE).inc()

    def _task(self, job_type: str) -> str:
        return TASK_PREFIX + self._types.of(job_type)
