"""Reads the results stream in blocks of bounded size in bytes, whatever the stream contains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import redis

from tasks.messages import MAX_RESULT_BYTES, RESULTS_GROUP, RESULTS_STREAM

#: position for entries not yet delivered
NEW = ">"
#: position for entries delivered but not acknowledged
UNACKNOWLEDGED = "0"
_CONSUMER = "coordinator"
_MOST_ENTRIES = 200
_MOST_BYTES = 2 * 1024 * 1024
_BLOCK_MS = 1000
#: Bytes counted for each field and each value in addition to its text: otherwise a million empty ones would count 0.
_OVERHEAD_BYTES = 16
#: Delivers entries one by one until enough have come. An entry that is too large to be a result stays in Redis, and its
#: size is returned in place of its fields. It counts, too, so that a block reads few of them.
_SCRIPT = """
local block, bytes, after = {}, 0, ARGV[3]
while #block < tonumber(ARGV[4]) and bytes < tonumber(ARGV[5]) do
  local read = redis.call('XREADGROUP', 'GROUP', ARGV[1], ARGV[2], 'COUNT', 1, 'STREAMS', KEYS[1], after)
  local entry = read and read[1] and read[1][2][1]
  if not entry then break end
  local fields = entry[2] or {}
  local size = #fields * tonumber(ARGV[7])
  for _, text in ipairs(fields) do size = size + #text end
  if size > tonumber(ARGV[6]) then fields = {} end
  bytes = bytes + size
  block[#block + 1] = {entry[1], fields, size}
  if after ~= '>' then after = entry[1] end
end
return block
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class StreamEntry:
    """One entry of the stream."""

    entry_id: bytes
    #: empty if the entry is gone or too large
    fields: Mapping[bytes, bytes]
    #: size of all fields and values, with an overhead for each
    size_bytes: int

    @property
    def too_large(self) -> bool:
        """Whether the entry is larger than a result may be."""
        return self.size_bytes > MAX_RESULT_BYTES


class Stream:
    """The results stream, read by the coordinator's group."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        self._block = client.register_script(_SCRIPT)
        self._more = True

    def read(self, position: bytes | str) -> list[StreamEntry]:
        """The next entries after `position`; waits up to a second for new ones. Raises redis-py's errors.

        It waits only if the stream is empty, and then for one entry. If that one is too large for an answer, the next
        read has to begin at `UNACKNOWLEDGED`, where its size is found without reading it.
        """
        if position != NEW:
            self._more = True
        if self._more or position != NEW:
            entries = self._read_block(position)
            self._more = bool(entries)
            if entries or position != NEW:
                return entries
        entries = self._wait()
        self._more = bool(entries)
        return entries

    def fell_behind(self) -> None:
        """Record that passing on the last block took time, so that several entries may have been added meanwhile."""
        self._more = True

    def _read_block(self, position: bytes | str) -> list[StreamEntry]:
        arguments = [RESULTS_GROUP, _CONSUMER, position, _MOST_ENTRIES, _MOST_BYTES]
        arguments += [MAX_RESULT_BYTES, _OVERHEAD_BYTES]
        reply: Any = self._block(keys=[RESULTS_STREAM], args=arguments)
        return [
            StreamEntry(entry_id=name, fields=dict(zip(flat[::2], flat[1::2], strict=True)), size_bytes=int(size))
            for name, flat, size in reply
        ]

    def _wait(self) -> list[StreamEntry]:
        reply: Any = self._client.xreadgroup(RESULTS_GROUP, _CONSUMER, {RESULTS_STREAM: NEW}, count=1, block=_BLOCK_MS)
        streams = list(reply.items()) if isinstance(reply, dict) else reply
        if not streams:
            return []
        entries = streams[0][1]
        # under RESP3 redis-py nests the entries one level deeper
        entries = entries[0] if entries and isinstance(entries[0], list) else entries
        return [entry_of(name, fields or {}) for name, fields in entries]


def entry_of(name: bytes, fields: Mapping[bytes, bytes]) -> StreamEntry:
    """An entry as Redis delivers it."""
    size = sum(len(key) + len(value) + 2 * _OVERHEAD_BYTES for key, value in fields.items())
    return StreamEntry(entry_id=name, fields=fields, size_bytes=size)
