"""Holds jobs back until others can share their message, each queue's by themselves. Pure; times are monotonic seconds.

A queue whose jobs are rare has to wait for longer than one whose jobs are many. If all were sent when the first one is
due, jobs of each queue but the busiest would travel alone.
"""

from __future__ import annotations

from fleet.domain.effects import Dispatch


class Holding:
    """The jobs that are held back, by the queue that they will go to."""

    def __init__(self, most: int) -> None:
        """`most` jobs of a queue are not held back any longer."""
        self._most = most
        #: queue → when its jobs are due, and these, the first one first
        self._held: dict[str, tuple[float, list[Dispatch]]] = {}

    def __bool__(self) -> bool:
        """Whether any job is held back."""
        return bool(self._held)

    def add(self, order: Dispatch, queue: str, now: float) -> None:
        """Hold a job back for its `hold_s`, or until the first one of its queue is due if that is sooner."""
        due_at, orders = self._held.get(queue, (float("inf"), []))
        orders.append(order)
        self._held[queue] = min(due_at, now + order.hold_s), orders

    def due_in(self, now: float) -> float:
        """Seconds until the first queue is due, 0 if one is; without jobs, infinity."""
        return max(0.0, min((due_at for due_at, _ in self._held.values()), default=float("inf")) - now)

    def due(self, now: float) -> list[Dispatch]:
        """The jobs of all queues that are due by `now`, held back no longer; with infinity, all jobs."""
        due = [queue for queue, (due_at, orders) in self._held.items() if due_at <= now or len(orders) >= self._most]
        return [order for queue in due for order in self._held.pop(queue)[1]]
