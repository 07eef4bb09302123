"""A coordinator's connection to the virtual Redis: dispatches, the results stream, acknowledgements."""

from __future__ import annotations

import json
from collections.abc import Sequence

from fleet.broker.disguise import Disguise
from fleet.broker.results import BrokerState, Results, parsed
from fleet.broker.stream import entry_of
from fleet.coordinator.inbox import Inbox
from fleet.domain.effects import Dispatch
from fleet.domain.events import Published
from tasks.messages import JobMessage
from tests.virtual.broker import HOP_S, Redis
from tests.virtual.timeline import Timeline

_BATCH = 200


class Connection:
    """A coordinator's connection to Redis: its dispatcher and its intake."""

    def __init__(self, redis: Redis, inbox: Inbox, timeline: Timeline, disguise: Disguise) -> None:
        self.alive = True
        self._disguise = disguise
        self._redis = redis
        self._inbox = inbox
        self._timeline = timeline
        self._reachable = True
        self._reading = False
        #: entries that were delivered and not acknowledged are read first
        self._fresh = True
        self._left: list[bytes] = []
        redis.on_entry = self._soon
        if redis.up and redis.group is None:
            redis.make_group()
        self._soon()

    def dispatch(self, order: Dispatch) -> None:
        """Publish in order, a little later, as the dispatcher's thread does."""
        self._timeline.after(HOP_S, lambda: self._publish(order))

    def acknowledge(self, entries: Sequence[bytes]) -> None:
        """XACK and XDEL the entries, a little later."""
        self._timeline.after(HOP_S, lambda: self._drop(entries))

    def _publish(self, order: Dispatch) -> None:
        if not self.alive:
            return
        message, redis = order.message, self._redis
        waits = order.only_if_idle and bool(redis.queue)
        if redis.up and not waits:
            self._timeline.trace(f"published {message.job_id[:8]}~{message.attempt}")
            encoded = self._disguise.encoded(message)[1]
            redis.avoid[JobMessage.decode(encoded).task_id] = order.avoid
            redis.push(json.dumps(encoded))
        word = Published(
            job_id=message.job_id, miner_id=message.miner_id, attempt=message.attempt, published=redis.up, waits=waits
        )
        self._timeline.after(HOP_S, lambda: self._tell(word))

    def _drop(self, entries: Sequence[bytes]) -> None:
        if not self.alive:
            return
        entries, self._left = [*self._left, *entries], []
        if not self._redis.up:
            self._left = entries
            return
        for entry in entries:
            self._redis.stream.pop(entry, None)
            if entry in self._redis.pending:
                self._redis.pending.remove(entry)

    def _soon(self) -> None:
        if self.alive and not self._reading:
            self._reading = True
            self._timeline.after(HOP_S, self._read)

    def _read(self) -> None:
        self._reading = False
        redis = self._redis
        if not self.alive:
            return
        if not redis.up:
            self._fresh = True
            if self._reachable:
                self._reachable = False
                self._tell(BrokerState(reachable=False, reason="down"))
            return
        if redis.group is None:
            redis.make_group()
            self._tell(BrokerState(reachable=True, emptied=True))
        if not self._reachable:
            self._reachable = True
            self._tell(BrokerState(reachable=True))
        group = redis.group or []
        if self._fresh:
            self._fresh = False
            entries = [entry for entry in redis.pending if entry in redis.stream]
        else:
            entries = group[:_BATCH]
            del group[:_BATCH]
            redis.pending.extend(entries)
        if entries:
            self._tell(parsed([entry_of(entry, redis.stream[entry]) for entry in entries]))
        if group:
            self._soon()

    def _tell(self, event: Results | BrokerState | Published) -> None:
        if self.alive:
            self._inbox.put(event)
