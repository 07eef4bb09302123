"""Finds and repairs tampering with the queue and the results stream, and names the suspects.

Anyone with a worker's password can write to both. Tampering costs no money, but a queue of the wrong type, or a stream
that has used up its ids, would stop all work silently.

One file: each rule stands beside the Redis query that applies it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import redis

from tasks.broker.bounded_answers import AnswerTooLargeError
from tasks.job_queues import QUEUES
from tasks.messages import JOBS_QUEUE, RESULTS_GROUP, RESULTS_STREAM, WORKERS_KEY, WORKERS_KEY_TTL_MS
from tasks.text import sanitized

#: Redis keys that a farm's work passes through, with the type of each
KINDS: Mapping[str, str] = {
    **dict.fromkeys(QUEUES.values(), "list"),
    RESULTS_STREAM: "stream",
    "unacked": "hash",
    "unacked_index": "zset",
    "unacked_mutex": "string",
    WORKERS_KEY: "string",
    f"_kombu.binding.{JOBS_QUEUE}": "set",
    f"_kombu.binding_permanent.{JOBS_QUEUE}": "set",
    "_kombu.binding.reply.celery.pidbox": "set",
}
#: keys that expire, with the longest lifetime of each in milliseconds
LIFETIMES: Mapping[str, int] = {"unacked_mutex": 10_000, WORKERS_KEY: WORKERS_KEY_TTL_MS}
#: Reading this many forged results takes seconds. A longer stream is removed, along with its few genuine results.
_MOST_RESULTS = 100_000
#: Stream ids begin with milliseconds since 1970. After an id of this size, hardly any entry can be added.
_ENDED_MS = 1 << 63
#: Redis users of the farm's processes that take no jobs
_TRUSTED = frozenset({"coordinator", "flower", "health"})
#: commands that change what others wrote, and the one that writes results
_SUSPECT = frozenset(
    (
        *("append", "copy", "del", "expire", "flushall", "flushdb", "getset", "pexpire", "rename", "restore", "set"),
        *("lpop", "lrem", "lset", "ltrim", "rpop", "sadd", "srem", "hdel", "hset", "zadd", "zrem", "unlink"),
        *("eval", "evalsha", "xadd", "xdel", "xgroup", "xsetid", "xtrim"),
    )
)
_MOST_SUSPECTS = 5
#: What XINFO states of the stream, without its first and last entry, which it would return whole, whatever their size.
_STREAM_COUNTS = """
local wanted, found = {['last-generated-id'] = 1, ['entries-added'] = 2, ['length'] = 3}, {}
local info = redis.call('XINFO', 'STREAM', KEYS[1])
for at = 1, #info, 2 do
  if wanted[info[at]] then found[wanted[info[at]]] = info[at + 1] end
end
return found
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """The state of the stream at one moment, by Redis's own counts."""

    #: entries ever added to this stream
    added: int
    #: entries on it now
    length: int
    #: entries delivered to the coordinator but not yet acknowledged
    pending: int

    def unaccounted(self, delivered: int) -> int:
        """Entries that were added and are neither on the stream nor `delivered` to us, up to a constant."""
        return self.added - delivered - (self.length - self.pending)


def wrong_kinds(kinds: Mapping[str, str]) -> tuple[str, ...]:
    """The keys that exist with another type than the farm's."""
    return tuple(key for key, kind in kinds.items() if kind not in ("none", KINDS[key]))


def without_expiry(remaining_ms: Mapping[str, int]) -> tuple[str, ...]:
    """The keys that outlast their lifetime. Redis states -1 for a key that never expires, -2 for a missing key."""
    return tuple(key for key, left in remaining_ms.items() if left == -1 or left > LIFETIMES[key])


def overflows(length: int, most_jobs: int) -> bool:
    """Whether the queue holds more than a farm with `most_jobs` jobs at the workers ever sends, even after losses."""
    return length > 3 * most_jobs + 1_000


def has_ended(last_id: bytes) -> bool:
    """Whether hardly any entry can be added after one with this id."""
    return int(last_id.split(b"-")[0]) >= _ENDED_MS


def suspects(clients: Iterable[Mapping[str, str]]) -> tuple[str, ...]:
    """Users and addresses of the clients in CLIENT LIST whose last command may have been the tampering."""
    found = []
    for client in clients:
        user, command = client.get("user", ""), client.get("cmd", "").partition("|")[0]
        if user in _TRUSTED or command not in _SUSPECT:
            continue
        address = client.get("addr", "").rpartition(":")[0]
        found.append(sanitized(f"{user} at {address}" if user not in ("", "default") else f"a client at {address}"))
    return tuple(dict.fromkeys(found))[:_MOST_SUSPECTS]


class Inspector:
    """Inspects the queue and the stream between two reads, on the intake's thread."""

    def __init__(
        self, client: redis.Redis, most_jobs: int | None, lengths: Callable[[], Mapping[str, int] | None]
    ) -> None:
        """`most_jobs` is the most jobs that are at the workers at once, None if there is no limit.

        `lengths` gives the newest known length of each queue, None while none is known.
        """
        self._client = client
        self._most_jobs = most_jobs
        self._lengths = lengths
        #: number of new entries that this coordinator has read
        self.delivered = 0
        self._unaccounted: int | None = None

    def forget(self) -> None:
        """Start counting again: an answer may have been lost, so the number of delivered entries is unknown."""
        self._unaccounted = None

    def look(self) -> str | None:
        """What was broken and is now repaired, in words; None if all is well. Raises redis-py's errors."""
        flaws = [*self._types(), *self._lifetimes(), *self._queue(), *self._stream()]
        if not flaws:
            return None
        return f"{'; '.join(flaws)}; {self.suspected()}"

    def suspected(self) -> str:
        """Who may have done it, in words."""
        try:
            named = ", ".join(suspects(self._client.client_list()))
        except (redis.ResponseError, AnswerTooLargeError):
            # this Redis user may not list clients, or somebody gave connections names of megabytes
            named = ""
        return f"suspected: {named or 'whoever has a password of a worker'}"

    def _types(self) -> Iterable[str]:
        pipeline = self._client.pipeline(transaction=False)
        for key in KINDS:
            pipeline.type(key)
        kinds = dict(zip(KINDS, (kind.decode() for kind in pipeline.execute()), strict=True))
        wrong = wrong_kinds(kinds)
        if wrong:
            self._client.delete(*wrong)
        for key in wrong:
            yield f"the key {key} in Redis was a {kinds[key]}, not a {KINDS[key]}: it was removed"

    def _lifetimes(self) -> Iterable[str]:
        pipeline = self._client.pipeline(transaction=False)
        for key in LIFETIMES:
            pipeline.pttl(key)
        endless_keys = without_expiry(dict(zip(LIFETIMES, pipeline.execute(), strict=True)))
        if endless_keys:
            self._client.delete(*endless_keys)
        for key in endless_keys:
            yield f"the key {key} in Redis had no expiry: it was removed"

    def _queue(self) -> Iterable[str]:
        if self._most_jobs is None:
            return
        long = [queue for queue, length in (self._lengths() or {}).items() if overflows(length, self._most_jobs)]
        for queue in long:
            # it may have been emptied since
            if overflows(length := int(self._client.llen(queue)), self._most_jobs):
                self._client.delete(queue)
                yield f"the queue {queue} in Redis held {length} messages, more than this farm sends: it was emptied"
        # workers look through the oldest hundred every few seconds, and would never reach the genuine ones
        taken = max(int(self._client.zcard("unacked_index")), int(self._client.hlen("unacked")))
        if overflows(taken, self._most_jobs):
            self._client.delete("unacked", "unacked_index")
            yield f"{taken} messages in Redis were marked as taken, more than this farm sends: the marks were removed"

    def _stream(self) -> Iterable[str]:
        pipeline = self._client.pipeline(transaction=True)
        pipeline.eval(_STREAM_COUNTS, 1, RESULTS_STREAM)
        pipeline.xinfo_groups(RESULTS_STREAM)
        stream, groups = pipeline.execute(raise_on_error=False)
        if isinstance(stream, redis.ResponseError) or isinstance(groups, redis.ResponseError):
            # the stream or its group is missing, which the next read finds
            self.forget()
            return
        last_id, added, length = stream
        if has_ended(last_id):
            self._client.delete(RESULTS_STREAM)
            self.forget()
            yield "the results stream in Redis had no ids left: it was removed"
            return
        if length > _MOST_RESULTS:
            self._client.delete(RESULTS_STREAM)
            self.forget()
            yield f"the results stream in Redis held {length} entries: it was removed"
            return
        lost = self._lost(added, length, groups)
        if lost > 0:
            yield f"{lost} results were deleted in Redis before they were read"

    def _lost(self, added: int, length: int, groups: Iterable[Mapping[str, Any]]) -> int:
        pending = next((group["pending"] for group in groups if group["name"] == RESULTS_GROUP.encode()), None)
        if pending is None:
            self.forget()
            return 0
        counts = Counts(added=added, length=length, pending=pending)
        before, now = self._unaccounted, counts.unaccounted(self.delivered)
        self._unaccounted = now
        return 0 if before is None else now - before
