"""Reads the workers' results from a Redis stream, in blocks by a consumer group, on its own thread.

One file: reading, recovering and inspecting share one thread and its client.
"""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import redis

from fleet.broker.result_signatures import of_its_host
from fleet.broker.stream import NEW, UNACKNOWLEDGED, Stream, StreamEntry
from fleet.broker.tampering import Inspector
from fleet.miner.backoff import Backoff
from fleet.threads import Progress, WatchedThread
from tasks.broker.bounded_answers import AnswerTooLargeError
from tasks.errors import MessageError, SignatureError
from tasks.messages import MAX_RESULT_BYTES, RESULTS_GROUP, RESULTS_STREAM, ResultMessage, parse_stream_fields

#: seconds between two inspections of queue and stream
_LOOK_S = 2.0
#: seconds between two dispatches of all open jobs after tampering
_RECOVER_S = 10.0
#: seconds between two reports of who may have added entries that are too large
_ACCUSE_S = 10.0
#: answers in a row that can't be held in memory, after which the stream is removed
_MOST_UNREADABLE = 3
#: a block that is handed on within this many seconds leaves no time for more results to be added
_AT_ONCE_S = 0.005
#: a hanging Redis blocks the thread for 15 s at a time
_PATIENCE_S = 60.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Results:
    """One read of the stream. Its entries are acknowledged once its messages are in the ledger."""

    entries: tuple[bytes, ...]
    messages: tuple[ResultMessage, ...]
    #: one reason for each entry that is not a result
    flaws: tuple[str, ...]
    #: the entry of each message
    of_messages: tuple[bytes, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class BrokerState:
    """Redis was lost, found again or repaired. `emptied` means that data was lost, so that open jobs are sent again."""

    reachable: bool
    emptied: bool = False
    #: why Redis is not reachable, or what in it was broken
    reason: str = ""


class Intake:
    """Reads results until it is closed and hands each block to `tell`; repairs what others broke in Redis."""

    def __init__(
        self,
        client: redis.Redis,
        tell: Callable[[Results | BrokerState], None],
        *,
        most_jobs: int | None = None,
        queue_lengths: Callable[[], Mapping[str, int] | None] = lambda: None,
        true_id: Callable[[str], str] = str,
        signer_of: Callable[[Mapping[bytes, bytes]], str] | None = None,
    ) -> None:
        """`most_jobs` is the most jobs that are at the workers at once, None if there is no limit.

        A queue that holds more is emptied; `queue_lengths` gives the newest known length of each, None while unknown.
        `true_id` turns the id that a worker saw into that of the job. `signer_of` says which host
        signed the fields of an entry, and raises SignatureError for one that must be dropped; without it, no entry has
        to be signed.
        """
        self._signer_of = signer_of
        self._true_id = true_id
        self._client = client
        self._tell = tell
        self._stop = threading.Event()
        self._reachable = True
        self._stream = Stream(client)
        self._inspector = Inspector(client, most_jobs, queue_lengths)
        self._look_at = 0.0
        self._recovered_at = float("-inf")
        self._accused_at = float("-inf")
        self._unreadable = 0
        self.thread = WatchedThread("intake", self._run, patience_s=_PATIENCE_S)
        self.thread.start()

    def close(self) -> None:
        """End the thread after its current read; the results of that read are read again at the next start."""
        self._stop.set()

    def _run(self, progress: Progress) -> None:
        backoff, rng, failures = Backoff(floor_s=0.5, cap_s=5.0), random.Random(), 0
        # first the entries that were delivered but not acknowledged; those already in the ledger change nothing
        position: bytes | str = UNACKNOWLEDGED
        self._make_group()
        while not self._stop.is_set():
            progress.beat()
            try:
                self._look_around()
                entries = self._stream.read(position)
            except (AnswerTooLargeError, MemoryError, ValueError) as exc:
                # its entries count as delivered, so from the beginning they are found by their size
                position = UNACKNOWLEDGED
                self._not_held(exc)
                continue
            except redis.RedisError as exc:
                # the lost answer may have held results, or acknowledgements may have been lost
                position = UNACKNOWLEDGED
                self._inspector.forget()
                if _group_is_gone(exc) and self._make_group():
                    self._reachable = True
                    self._tell(BrokerState(reachable=True, emptied=True))
                elif not self._set_in_order():
                    self._lost(exc)
                    self._stop.wait(backoff.delay_s(failures := failures + 1, rng))
                continue
            failures = self._unreadable = 0
            if not self._reachable:
                self._reachable = True
                self._tell(BrokerState(reachable=True))
            self._hand_on(entries, new=position == NEW)
            position = entries[-1].entry_id if entries and position != NEW else NEW

    def _hand_on(self, entries: Sequence[StreamEntry], *, new: bool) -> None:
        if not entries:
            return
        self._inspector.delivered += len(entries) if new else 0
        started = time.monotonic()
        results = parsed(entries, self._signer_of)
        messages = (replace(one, job_id=self._true_id(one.job_id)) for one in results.messages)
        self._tell(replace(results, messages=tuple(messages)))
        if time.monotonic() - started > _AT_ONCE_S:
            self._stream.fell_behind()
        self._accuse(max(entry.size_bytes for entry in entries))

    def _accuse(self, largest_bytes: int) -> None:
        """Report who may have added an entry that no worker adds."""
        now = time.monotonic()
        if largest_bytes <= MAX_RESULT_BYTES or now - self._accused_at < _ACCUSE_S:
            return
        self._accused_at = now
        reason = f"an entry of {largest_bytes} bytes on the results stream in Redis was removed unread"
        with contextlib.suppress(redis.RedisError):
            self._tell(BrokerState(reachable=True, reason=f"{reason}; {self._inspector.suspected()}"))

    def _not_held(self, exc: Exception) -> None:
        """Prepare to read entries by their size after an answer that was too large; remove a stream that stays so."""
        self._inspector.forget()
        self._unreadable += 1
        if self._unreadable < _MOST_UNREADABLE:
            return
        self._unreadable = 0
        reason = f"the results stream in Redis can't be read ({type(exc).__name__}): it was removed"
        with contextlib.suppress(redis.RedisError):
            self._client.delete(RESULTS_STREAM)
            self._make_group()
            self._tell(BrokerState(reachable=True, emptied=True, reason=f"{reason}; {self._inspector.suspected()}"))

    def _set_in_order(self) -> bool:
        """Inspect Redis after a failed read; whether something was broken that is now repaired."""
        try:
            return self._inspected(time.monotonic())
        except redis.RedisError:
            return False

    def _look_around(self) -> None:
        now = time.monotonic()
        if now >= self._look_at:
            self._inspected(now)

    def _inspected(self, now: float) -> bool:
        self._look_at = now + _LOOK_S
        flaw = self._inspector.look()
        if flaw is None:
            return False
        self._make_group()
        # open jobs whose messages or results were lost are dispatched again, but not for each act of ongoing tampering
        recovers = now - self._recovered_at >= _RECOVER_S
        self._recovered_at = now if recovers else self._recovered_at
        self._tell(BrokerState(reachable=True, emptied=recovers, reason=flaw))
        self._reachable = True
        return True

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
    """Whether the stream or its group was deleted, before this read or while it waited."""
    return isinstance(exc, redis.ResponseError) and str(exc).startswith(("NOGROUP", "UNBLOCKED"))


def parsed(entries: Sequence[StreamEntry], signer_of: Callable[[Mapping[bytes, bytes]], str] | None = None) -> Results:
    """One read of the stream, parsed. An entry that is not a result becomes a flaw, never an error.

    So does one for which `signer_of` raises SignatureError; it is not parsed.
    """
    messages, flaws, of_messages = [], [], []
    for entry in entries:
        if entry.too_large:
            flaws.append(f"an entry of {entry.size_bytes} bytes, at most {MAX_RESULT_BYTES} are read")
            continue
        try:
            signer = "" if signer_of is None else signer_of(entry.fields)
            messages.append(of_its_host(parse_stream_fields(entry.fields), signer))
            of_messages.append(entry.entry_id)
        except (MessageError, SignatureError) as exc:
            flaws.append(str(exc))
        except Exception as exc:  # noqa: BLE001 - the entry would be read at each start, and end each one
            flaws.append(f"an entry that can't be read: {exc!r:.200}")
    return Results(
        entries=tuple(entry.entry_id for entry in entries),
        messages=tuple(messages),
        flaws=tuple(flaws),
        of_messages=tuple(of_messages),
    )
