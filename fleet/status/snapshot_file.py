"""Writes and reads the file of a farm's snapshot: replaced atomically, readable by its owner alone."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from fleet.domain.amounts import ZERO
from fleet.exact_json import dump
from fleet.private_files import replace_private
from fleet.status.snapshot import FarmSnapshot, MinerFigures
from fleet.status.stated import VERSION, head_stated, miner_stated

#: the file's name in the farm's folder
SNAPSHOT_FILE = "status.json"
#: seconds after which a snapshot is not fresh any more, and after which it is unusable
FRESH_S, USABLE_S = 5.0, 60.0
#: bytes past which a file is no snapshot: 100,000 miners take a third of it
_MOST_BYTES = 64_000_000


class SnapshotWriter:
    """Writes snapshots to one file. A miner's row is encoded again only after a change."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._texts: dict[str, tuple[MinerFigures, str]] = {}

    def write(self, snapshot: FarmSnapshot) -> None:
        """Replace the file. Raises OSError."""
        head = dump(head_stated(snapshot))
        text = f'{head[:-1]}, "miners": [{", ".join(map(self._text, snapshot.miners))}]}}\n'
        replace_private(self._path, text)

    def _text(self, row: MinerFigures) -> str:
        known = self._texts.get(row.name)
        if known is None or known[0] is not row:
            known = self._texts[row.name] = (row, dump(miner_stated(row)))
        return known[1]


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadSnapshot:
    """A snapshot as another process reads it."""

    #: as `fleet.status.snapshot` states it, amounts as Decimal
    figures: dict[str, Any]
    #: seconds since it was made, by this machine's clock; at least 0
    age_s: float

    @property
    def ended(self) -> bool:
        """Whether the coordinator has ended in an orderly way."""
        return bool(self.figures["state"] == "ended")

    @property
    def usable(self) -> bool:
        """Whether it is recent enough to be shown."""
        return not self.ended and self.age_s <= USABLE_S

    @property
    def fresh(self) -> bool:
        """Whether it shows the present state."""
        return not self.ended and self.age_s <= FRESH_S


def read_snapshot(folder: Path, now_ms: int) -> ReadSnapshot | None:
    """The snapshot in a farm's folder; None if there is none, or only one of another release."""
    path = folder / SNAPSHOT_FILE
    try:
        with path.open("rb") as file:
            figures = json.loads(file.read(_MOST_BYTES), parse_float=Decimal)
        if figures["v"] != VERSION or not isinstance(figures["miners"], list):
            return None
        age_s = (now_ms - int(figures["at_ms"])) / 1000
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None
    return ReadSnapshot(figures=figures, age_s=max(age_s, float(ZERO)))
