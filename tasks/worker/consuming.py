"""The queues that a worker takes jobs from: it leaves all of them, and comes back to all of them, its best first."""

from __future__ import annotations

from typing import Any

from tasks.job_queues import TAKEN_QUEUES, queues_of_host


class OwnQueues:
    """The queues of a host's classes. A `consumer` is Celery's, which ships no types."""

    def __init__(self, level: int) -> None:
        """`level` is that of the highest class that the host qualifies for."""
        self.names = queues_of_host(level)

    def consumed(self, consumer: Any) -> bool:
        """Whether the worker takes jobs from any queue."""
        return any(consumer.task_consumer.consuming_from(name) for name in TAKEN_QUEUES)

    def leave(self, consumer: Any) -> None:
        """Take no more jobs. The messages that the worker holds stay with it."""
        for name in TAKEN_QUEUES:
            consumer.cancel_task_queue(name)

    def come_back(self, consumer: Any) -> None:
        """Take jobs again. The order of these calls is the order in which the queues are looked into."""
        for name in self.names:
            consumer.add_task_queue(name)

    def help(self, consumer: Any, level: int) -> None:
        """Take jobs up to the class of this level, too, whenever there are none of the host's own classes."""
        if not self.consumed(consumer):
            return
        wanted = [name for name in queues_of_host(level) if name not in self.names]
        for name in TAKEN_QUEUES.difference(self.names, wanted):
            if consumer.task_consumer.consuming_from(name):
                consumer.cancel_task_queue(name)
        for name in wanted:
            if not consumer.task_consumer.consuming_from(name):
                consumer.add_task_queue(name)
