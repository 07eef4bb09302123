"""Checks a ledger against the heads that were kept outside it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from config.settings import Settings
from fleet.ledger.ledger import Ledger
from fleet.ledger.proof.head_post import post_heads
from fleet.ledger.proof.heads import Head, doubts, keep_heads, kept_heads, refuse_lost
from fleet.ledger.storage.places import LedgerPlace, heads_file, ledger_address


class Witness:
    """Keeps the heads of one ledger's chains in a file beside it."""

    def __init__(self, settings: Settings, *, simulated: bool) -> None:
        self._place = LedgerPlace(url=ledger_address(settings), simulated=simulated)
        self._file = heads_file(settings, self._place)
        self._url = settings.head_url
        self._ca_file = settings.http.ca_file
        #: the threads that write the accounts of several servers save heads in turn
        self._keeping = threading.Lock()

    @property
    def url(self) -> str:
        """The SQLAlchemy URL of the ledger."""
        return self._place.url

    def refuse_lost(self) -> None:
        """Raise LedgerLost when the ledger's file is gone though its chains had entries."""
        if self._place.file is not None:
            refuse_lost(self._place.file, kept_heads(self._file))

    def doubts(self, ledger: Ledger) -> list[str]:
        """Reasons to doubt that this is the same ledger as before, one line each."""
        return doubts(kept_heads(self._file), ledger.hash_of)

    def post(self, heads: Sequence[Head], say: Callable[[str], None]) -> list[dict[str, object]]:
        """The heads for the run's figures. Posts them where the settings name a URL; `say` gets a line about that."""
        if self._url is not None and heads:
            problem = post_heads(self._url, heads, self._ca_file)
            say(f"[WARN]   {problem}" if problem else f"[OK]     the ledger's heads were posted to {self._url}")
        return [head.stated() for head in heads]

    def keep(self, ledger: Ledger) -> list[Head]:
        """Save the current heads and return them. Raises LedgerError when the file can't be written."""
        with self._keeping:
            heads = ledger.heads()
            keep_heads(self._file, heads)
        return heads
