"""Names of miners, which everything shows in place of their ids: whoever knows an id can spend its money. Pure.

A miner's id is its wallet at the server, and no call is authenticated (docs/protocol-notes.md, 12).
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping

#: a wallet that the servers' ordinary calls can spend from: `neo1` and letters or digits, 10 characters or more in
#: all, or `0x` and 40 hex digits
_ADDRESS = re.compile(r"neo1[a-z0-9]{6,}|0x[0-9a-f]{40}")
#: no address is shorter
_SHORTEST_ADDRESS = 10
_SHOWN = 4
#: a stretch of text that may be an id
_WORD = re.compile(r"[A-Za-z0-9._-]{10,}")


def new_address() -> str:
    """A new wallet as the servers make them: `neo1` and 40 hex digits, from the system's randomness."""
    return f"neo1{secrets.token_hex(20)}"


def is_address(miner_id: str) -> bool:
    """Whether the servers' ordinary calls can spend what the id earns. `miner_id` is in lower case."""
    return _ADDRESS.fullmatch(miner_id) is not None


def shortened_id(miner_id: str) -> str:
    """The first four and the last four characters of an id; all of one that is too short to be an address."""
    if len(miner_id) < _SHORTEST_ADDRESS:
        return miner_id
    return f"{miner_id[:_SHOWN]}..{miner_id[-_SHOWN:]}"


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


def hidden_ids(text: str, names: Mapping[str, str]) -> str:
    """`text` with each id that `names` knows replaced by its name, whatever its case."""

    def name_of(found: re.Match[str]) -> str:
        word = found[0].lower()
        if word in names:
            return names[word]
        # an id may stand at the end of a sentence
        bare = word.rstrip(".")
        return names[bare] + "." * (len(word) - len(bare)) if bare in names else found[0]

    return _WORD.sub(name_of, text)


def _free(name: str, used: set[str]) -> str:
    number, free = 1, name
    while free in used:
        number += 1
        free = f"{name}-{number}"
    return free
