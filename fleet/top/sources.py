"""Where the figures of `fleet top` come from. Knows no Textual, so that the command can start without it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fleet.status.history import History
from fleet.status.standing import FarmStanding


@dataclass(frozen=True, kw_only=True, slots=True)
class FigureSources:
    """Reads figures. Each call may take a while, and is made on another thread."""

    #: the farm now; raises LedgerError
    look: Callable[[], FarmStanding]
    #: what was earned, by a key of `fleet.status.history.BY`, in so many hours before now: one by minute, more by hour;
    #: raises LedgerError
    history: Callable[[str, int], History]
    #: what `fleet explain` prints with these arguments
    explain: Callable[[Sequence[str]], str]
