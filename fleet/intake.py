"""Results from the workers: one Redis stream, read in blocks by a consumer group, on a thread of its own."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import redis

from fleet.backoff import Backoff
from fleet.crew import Motion, Vital
from tasks.errors import MessageError
from tasks.messages import RESULTS_GROUP, RESULTS_STREAM, ResultMessage, parse_stream_fields

_CONSUMER = "coordinator"
_COUNT = 200
_BLOCK_MS = 1000
#: a Redis that hangs keeps it for 15 s at a time
_PATIENCE_S = 60.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Results:
    """One read of the stream: every entry is acknowledged once its messages are in the ledger."""

    entries: tuple[bytes, ...]
    messages: tuple[ResultMessage, ...]
    #: why an entry is no result
    flaws: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class BrokerState:
    """Redis was lost or found again; `emptied` when its data was gone."""

    reachable: bool
    emptied: bool = False
    reason: str = ""


class Intake:
    """Reads results as long as it lives and hands each block to `tell`."""

    def __init__(self, client: redis.Redis, tell: Callable[[Results | BrokerState], None]) -> None:
        self._client = client
        self._tell = tell
        self._stop = threading.Event()
        self._reachable = True
        self.thread = Vital("intake", self._run, patience_s=_PATIENCE_S)
        self.thread.start()

    def close(self) -> None:
        """End the thread after its current read; what that brings is read again at the next start."""
        self._stop.set()

    def _run(self, motion: Motion) -> None:
        backoff, rng, failures = Backoff(floor_s=0.5, cap_s=5.0), random.Random(), 0
        # what was handed to this coordinator and not acknowledged comes first; what it knows changes nothing
        position: bytes | str = "0"
        self._make_group()
        while not self._stop.is_set():
            motion.beat()
            try:
                entries = self._read(position)
            except redis.RedisError as exc:
                # results may have been in the answer that was lost, or stayed because their acknowledgement was
                position = "0"
                if _group_is_gone(exc) and self._make_group():
                    self._reachable = True
                    self._tell(BrokerState(reachable=True, emptied=True))
                else:
                    self._lost(exc)
                    self._stop.wait(backoff.delay_s(failures := failures + 1, rng))
                continue
            failures = 0
            if not self._reachable:
                self._reachable = True
                self._tell(BrokerState(reachable=True))
            if entries:
                self._tell(parsed(entries))
            position = entries[-1][0] if entries and position != ">" else ">"

    def _read(self, position: bytes | str) -> list[tuple[bytes, dict[bytes, bytes]]]:
        reply: Any = self._client.xreadgroup(
            RESULTS_GROUP, _CONSUMER, {RESULTS_STREAM: position}, count=_COUNT, block=_BLOCK_MS
        )
        streams = list(reply.items()) if isinstance(reply, dict) else reply
        if not streams:
            return []
        entries = streams[0][1]
        # redis-py nests the entries once more under RESP3
        return entries[0] if entries and isinstance(entries[0], list) else entries

    def _make_group(self) -> bool:
        try:
            self._client.xgroup_create(RESULTS_STREAM, RESULTS_GROUP, id="0", mkstream=True)
        except redis.RedisError:
            return False
        return True

    def _lost(self, exc: redis.RedisError) -> None:
        if self._reachable:
            self._reachable = False
            self._tell(BrokerState(reachable=False, reason=f"{type(exc).__name__}: {exc}"[:200]))


def _group_is_gone(exc: redis.RedisError) -> bool:
    """Whether the stream or its group was deleted: before this read, or while it waited."""
    return isinstance(exc, redis.ResponseError) and str(exc).startswith(("NOGROUP", "UNBLOCKED"))


def parsed(entries: Sequence[tuple[bytes, dict[bytes, bytes]]]) -> Results:
    """One read of the stream, entry by entry: what is no result becomes a flaw, never an error."""
    messages, flaws = [], []
    for _, fields in entries:
        try:
            messages.append(parse_stream_fields(fields))
        except MessageError as exc:
            flaws.append(str(exc))
        except Exception as exc:  # noqa: BLE001 - it would be read again at the next start, and end that one, too
            flaws.append(f"an entry that can't be read: {exc!r:.200}")
    return Results(entries=tuple(entry for entry, _ in entries), messages=tuple(messages), flaws=tuple(flaws))
