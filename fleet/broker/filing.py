"""Puts messages into the queues of their classes, and moves those that wait elsewhere when the routes change."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

import redis

from fleet.broker.routes import ONE_QUEUE, Routes
from fleet.domain.effects import Dispatch
from tasks.broker.queue_lengths import queue_lengths
from tasks.job_queues import JOB_QUEUES, LEVEL_HEADER, QUEUES
from tasks.jobtypes import JOB_TYPES, LEVELS

#: seconds between two looks for messages in queues that are not in use
_LOOK_S = 1.0
#: messages that are moved at a time, so that Redis never does so for long
_MOST_AT_ONCE = 500
#: Moves messages from the first queue to those of their classes, the oldest first; a refused one is removed. The
#: body of a message is base64, so that only its headers can hold what is looked for.
_FILE = f"""
for _ = 1, math.min(redis.call('LLEN', KEYS[1]), tonumber(ARGV[1])) do
  local message = redis.call('RPOP', KEYS[1])
  local level = tonumber(string.match(message, '"{LEVEL_HEADER}": ?(%d+)')) or 1
  local to = KEYS[2 + level]
  if to == nil then to = KEYS[3] end
  if to ~= KEYS[2] then redis.call('LPUSH', to, message) end
end
"""
#: stands for the queue of a refused class; nothing is written to it
_NOWHERE = "neonet.jobs.refused"


def level_of(order: Dispatch) -> int:
    """The level of the class that a job is sent to."""
    return LEVELS[0] if order.for_all else JOB_TYPES[order.message.job_type].level


class Filing:
    """The routes that the dispatcher follows. Used by its thread alone. Times are monotonic seconds."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        self._routes = ONE_QUEUE
        #: whether routes were given; until then nothing is moved
        self._given = False
        #: queues to look through
        self._due: frozenset[str] = frozenset()
        self._look_at = 0.0

    def follow(self, routes: Routes) -> None:
        """Send jobs by these routes from now on, and move the waiting ones at the next `look`."""
        self._routes, self._given = routes, True
        self._due = JOB_QUEUES
        self._look_at = 0.0

    def queue_of(self, order: Dispatch) -> str:
        """The queue for a job. That of a refused type is not in use, so the next look empties it."""
        level = level_of(order)
        return self._routes.queue_of(level) or QUEUES[level]

    def occupied(self, orders: Iterable[Dispatch]) -> frozenset[str]:
        """The queues of these jobs in which messages wait. Raises redis-py's errors."""
        lengths = queue_lengths(self._client, {self.queue_of(one) for one in orders})
        return frozenset(queue for queue, length in lengths.items() if length)

    def look(self, now: float) -> None:
        """Move messages out of queues that are not in use, and after new routes out of all. Never raises."""
        if not self._given or now < self._look_at:
            return
        self._look_at = now + _LOOK_S
        # a queue of another type is repaired elsewhere; a Redis that does not answer is looked at again
        with contextlib.suppress(redis.RedisError):
            queues = self._due | JOB_QUEUES - self._routes.queues
            for queue, length in queue_lengths(self._client, sorted(queues)).items():
                self._file(queue, length)
            self._due = frozenset()

    def _file(self, queue: str, length: int) -> None:
        targets = [self._routes.queue_of(level) or _NOWHERE for level in LEVELS]
        for _ in range(0, length, _MOST_AT_ONCE):
            self._client.eval(_FILE, 2 + len(targets), queue, _NOWHERE, *targets, str(_MOST_AT_ONCE))
