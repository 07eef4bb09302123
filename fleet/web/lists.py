"""The list of miners as a page shows it: searched, sorted and cut into pages by the server. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fleet.domain.amounts import ZERO
from fleet.money.readable import reading_order
from fleet.status.snapshot import MinerFigures, Severity, Wrong

#: rows of a page, and most characters of a search
ROWS, MOST_SEARCH = 50, 100
#: states in which nothing is the matter with a miner
_WELL = frozenset({"mining", "closed", "done", "paused"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Ordering:
    """A column that a list can be sorted by."""

    name: str
    title: str
    key: Callable[[MinerFigures], Any]
    #: whether the first click shows the largest first
    largest_first: bool = True


ORDERINGS: Mapping[str, Ordering] = {
    one.name: one
    for one in (
        Ordering(name="miner", title="Miner", key=lambda row: reading_order(row.name), largest_first=False),
        # shown where there are several servers
        Ordering(name="server", title="Server", key=lambda row: row.server, largest_first=False),
        Ordering(name="state", title="State", key=lambda row: (row.state in _WELL, row.state), largest_first=False),
        Ordering(name="rate", title="NNET/min", key=lambda row: row.recent),
        Ordering(name="today", title="Today", key=lambda row: ZERO if row.today is None else row.today),
        Ordering(name="ledger", title="In all", key=lambda row: row.ledger),
        Ordering(name="paid", title="Paid", key=lambda row: row.paid),
        Ordering(name="lost", title="Lost", key=lambda row: row.lost),
        Ordering(name="last", title="Last paid", key=lambda row: row.last_paid_ms or 0),
    )
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """What a visitor asked a list for, made valid."""

    search: str = ""
    ordering: Ordering = ORDERINGS["state"]
    largest_first: bool = False
    page: int = 1

    @classmethod
    def of(cls, search: str, sort: str, page: str) -> Wish:
        """The wish in an address, or the default for what is not valid. `sort` is a name, with - for falling."""
        ordering = ORDERINGS.get(sort.removeprefix("-"), ORDERINGS["state"])
        number = int(page) if page.isascii() and page.isdecimal() and len(page) < 8 else 1
        return cls(
            search=search[:MOST_SEARCH].strip(), ordering=ordering, largest_first=sort.startswith("-"), page=number
        )

    @property
    def sort(self) -> str:
        """The ordering as an address spells it."""
        return f"{'-' if self.largest_first else ''}{self.ordering.name}"

    def sort_by(self, ordering: Ordering) -> str:
        """How an address spells the order after a click on a column."""
        falls = not self.largest_first if ordering is self.ordering else ordering.largest_first
        return f"{'-' if falls else ''}{ordering.name}"


@dataclass(frozen=True, kw_only=True, slots=True)
class MinerList:
    """One page of a list."""

    rows: Sequence[MinerFigures]
    #: number of rows that the search found, and of pages
    found: int
    pages: int
    page: int
    wish: Wish


def miner_list(miners: Sequence[MinerFigures], wish: Wish) -> MinerList:
    """The page of the list that is wished for, or the last one if there are not so many."""
    words = wish.search.casefold().split()
    found = [row for row in miners if all(word in f"{row.name} {row.server} {row.state}".casefold() for word in words)]
    # equals stay in the order of their names, whichever way the list is sorted
    found.sort(key=wish.ordering.key, reverse=wish.largest_first)
    pages = max(-(-len(found) // ROWS), 1)
    page = min(max(wish.page, 1), pages)
    rows = found[(page - 1) * ROWS : page * ROWS]
    return MinerList(rows=rows, found=len(found), pages=pages, page=page, wish=wish)


def first_miners(miners: Sequence[MinerFigures], most: int) -> list[MinerFigures]:
    """The miners that an operator looks at first: those that don't earn, then those that earn most."""
    return sorted(miners, key=lambda row: (row.state in _WELL, -row.recent))[:most]


def grade(state: str) -> str:
    """The class of a miner's state: `ok`, `off` or `warn`."""
    if state == "mining":
        return "ok"
    return "off" if state in _WELL else "warn"


def worst_of(wrong: Sequence[Wrong], subject: str) -> Wrong | None:
    """The worst condition of a subject, such as `host shed`; None if there is none."""
    own = [one for one in wrong if one.subject == subject]
    return min(own, key=lambda one: one.severity is not Severity.FAIL, default=None)
