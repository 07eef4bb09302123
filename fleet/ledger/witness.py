"""What is kept of a ledger outside of it, and what that says about the ledger that is found."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from config.settings import Settings
from fleet.ledger.head_post import post_heads
from fleet.ledger.heads import Head, doubts, keep_heads, kept_heads, refuse_lost
from fleet.ledger.ledger import Ledger
from fleet.ledger.places import LedgerPlace, heads_file, ledger_address


class Witness:
    """Keeps the heads of one ledger's chains in a file beside it."""

    def __init__(self, settings: Settings, *, simulated: bool) -> None:
        self._place = LedgerPlace(url=ledger_address(settings), simulated=simulated)
        self._file = heads_file(settings, self._place)
        self._url = settings.head_url
        self._ca_file = settings.http.ca_file

    @property
    def url(self) -> str:
        """SQLAlchemy's URL of the ledger."""
        return self._place.url

    def refuse_lost(self) -> None:
        """Raise LedgerLost when the ledger's file is gone though its chains had entries."""
        if self._place.file is not None:
            refuse_lost(self._place.file, kept_heads(self._file))

    def doubts(self, ledger: Ledger) -> list[str]:
        """What speaks against this being the ledger of before, a line each."""
        return doubts(kept_heads(self._file), ledger.hash_of)

    def tell(self, heads: Sequence[Head], say: Callable[[str], None]) -> list[dict[str, object]]:
        """The heads for the run's figures, posted where the settings name a place; `say` gets a line about that."""
        if self._url is not None and heads:
            problem = post_heads(self._url, heads, self._ca_file)
            say(f"[WARN]   {problem}" if problem else f"[OK]     the ledger's heads were posted to {self._url}")
        return [head.stated() for head in heads]

    def keep(self, ledger: Ledger) -> list[Head]:
        """Keep the heads as they are now, and return them. Raises LedgerError when the file can't be written."""
        heads = ledger.heads()
        keep_heads(self._file, heads)
        return heads
