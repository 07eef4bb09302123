"""What was sent, kept in a file over a restart, so that nothing is said twice."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from fleet.private_files import replace_private

#: the file's name in the farm's folder
MEMORY_FILE = "alerts.json"
_VERSION = 1
#: bytes past which a file is none of these
_MOST_BYTES = 4_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Raised:
    """A condition that was announced."""

    kind: str
    subject: str
    text: str
    since_ms: int


@dataclass(kw_only=True, slots=True)
class Memory:
    """What was announced, and when messages were sent (UTC milliseconds)."""

    raised: dict[tuple[str, str], Raised] = field(default_factory=dict)
    sent_at_ms: list[int] = field(default_factory=list)
    #: the last day whose report was sent or is not wanted, in ISO 8601; empty before the first
    reported: str = ""


def read_memory(path: Path) -> Memory:
    """The memory in a file; an empty one if there is none, or none of this release."""
    try:
        with path.open("rb") as file:
            known = json.loads(file.read(_MOST_BYTES))
        if known["v"] != _VERSION:
            return Memory()
        raised = [Raised(**_texts(row)) for row in known["raised"]]
        return Memory(
            raised={(one.kind, one.subject): one for one in raised},
            sent_at_ms=[int(at) for at in known["sent_at_ms"]],
            reported=str(known["reported"]),
        )
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return Memory()


def _texts(row: dict[str, Any]) -> dict[str, Any]:
    return {name: str(row[name]) for name in ("kind", "subject", "text")} | {"since_ms": int(row["since_ms"])}


def write_memory(path: Path, memory: Memory) -> None:
    """Replace the file. Raises OSError."""
    known = {
        "v": _VERSION,
        "raised": [asdict(one) for one in memory.raised.values()],
        "sent_at_ms": memory.sent_at_ms,
        "reported": memory.reported,
    }
    replace_private(path, json.dumps(known))
