"""Names of miners, shown everywhere in place of their ids: whoever knows an id can spend its money. Pure.

A miner's id is its wallet at the server, and no call is authenticated (docs/protocol-notes.md, 12).
"""

from __future__ import annotations

import re
import secrets
from bisect import bisect_left
from collections.abc import Iterable, Mapping

from config.hiding import ADDRESS, SHORTEST_ADDRESS, shortened_id

_ADDRESS = re.compile(ADDRESS)
#: prefixes of addresses
_BEGINNINGS = ("neo1", "0x")
#: number of leading characters of an id that a text is first searched for
_BEGIN = 4
#: a stretch of text that may hold an id
_WORD = re.compile(r"[A-Za-z0-9._-]{10,}")


def new_address() -> str:
    """A new wallet as the servers make them: `neo1` and 40 hex digits, from the system's randomness."""
    return f"neo1{secrets.token_hex(20)}"


def is_address(miner_id: str) -> bool:
    """Whether the servers' ordinary calls can spend what the id earns. `miner_id` is in lower case."""
    return _ADDRESS.fullmatch(miner_id) is not None


def distinct_names(given: Iterable[tuple[str, str]], taken: Iterable[str] = ()) -> dict[str, str]:
    """Miner id → name, for pairs of an id and the name that it was given, if any ("").

    An id without a name gets its shortened form, with a number after it where another miner has that already.
    """
    names: dict[str, str] = {}
    used = set(taken)
    pairs = list(given)
    used.update(name for _, name in pairs if name)
    for miner_id, name in pairs:
        names[miner_id] = name or _free(shortened_id(miner_id), used)
        used.add(names[miner_id])
    return names


class IdHider:
    """Replaces each known id in a text by its miner's name: in any case, inside a longer word, or cut short.

    An id that was cut short at its end is recognized only if it is an address of which ten characters or more are left.
    """

    def __init__(self, names: Mapping[str, str]) -> None:
        """`names` maps miner ids, in lower case, to names. An id that is too short to be an address is no secret."""
        self._names = {miner_id: name for miner_id, name in names.items() if len(miner_id) >= SHORTEST_ADDRESS}
        self._lengths = sorted(set(map(len, self._names)), reverse=True)
        self._addresses = sorted(filter(is_address, self._names))
        #: one of these is in every text with an id, and in hardly any other
        self._beginnings = sorted({miner_id[:_BEGIN] for miner_id in self._names})

    def __call__(self, text: str) -> str:
        """`text` without the ids."""
        lower = text.lower()
        for beginning in self._beginnings:
            if beginning in lower:
                return _WORD.sub(self._renamed, text)
        return text

    def _renamed(self, found: re.Match[str]) -> str:
        word, shown, at = found[0], "", 0
        lower = word.lower()
        while len(word) - at >= SHORTEST_ADDRESS:
            miner_id, length = self._id_at(lower, at)
            shown += self._names[miner_id] if length else word[at]
            at += length or 1
        return shown + word[at:]

    def _id_at(self, word: str, at: int) -> tuple[str, int]:
        """The id that begins at this place of a word, and how much of it is there: nothing where none begins."""
        for length in self._lengths:
            if word[at : at + length] in self._names:
                return word[at : at + length], length
        if word.startswith(_BEGINNINGS, at):
            rest = word[at:].rstrip(".")
            place = bisect_left(self._addresses, rest)
            if len(rest) >= SHORTEST_ADDRESS and self._addresses[place : place + 1]:
                address = self._addresses[place]
                return (address, len(rest)) if address.startswith(rest) else ("", 0)
        return "", 0


def _free(name: str, used: set[str]) -> str:
    number, free = 1, name
    while free in used:
        number += 1
        free = f"{name}-{number}"
    return free
