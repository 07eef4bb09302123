"""The queues that a worker takes jobs from: it leaves all of them, and comes back to all of them, its best first."""

from __future__ import annotations

from typing import Any

from tasks.host.pausing import pausing
from tasks.job_queues import TAKEN_QUEUES, queues_of_host


class OwnQueues:
    """The queues of a host's classes. A `consumer` is Celery's, which ships no types."""

    def __init__(self, level: int) -> None:
        """`level` is that of the highest class that the host qualifies for."""
        self._level = level
        self.names = queues_of_host(level)
        #: up to which class hosts help others, in the order in which this worker takes jobs
        self._open_level = pausing.open_level

    def consumed(self, consumer: Any) -> bool:
        """Whether the worker takes jobs from any queue."""
        return any(consumer.task_consumer.consuming_from(name) for name in TAKEN_QUEUES)

    def leave(self, consumer: Any) -> None:
        """Take no more jobs. The messages that the worker holds stay with it."""
        for name in TAKEN_QUEUES:
            consumer.cancel_task_queue(name)

    def come_back(self, consumer: Any) -> None:
        """Take jobs again. The order of these calls is the order in which the queues are looked into."""
        self._open_level = pausing.open_level
        for name in queues_of_host(self._level, self._open_level):
            consumer.add_task_queue(name)

    def help(self, consumer: Any) -> None:
        """Take jobs of other classes, too, once hosts help others, and no longer than that."""
        if self._open_level != pausing.open_level and self.consumed(consumer):
            self.leave(consumer)
            self.come_back(consumer)
