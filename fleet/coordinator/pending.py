"""Turns that wait to be written down, and what may be done once they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from fleet.domain.calls import Call, CallKind
from fleet.domain.effects import Dispatch, Notice, Write
from fleet.domain.turn import Turn
from fleet.errors import LedgerBusy

#: how long a commit takes before a line says so, and how long after that the next line does
_LATE_S, _LATE_AGAIN_S = 1.5, 30.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """A commit that the loop no longer waited for has ended."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LedgerState:
    """How the ledger is written: late, or in time again."""

    #: why it is late, in words; empty when it is not
    reason: str
    #: for how long it was waited for
    waited_s: float


class Bookkeeping(Protocol):
    """Where turns are written down."""

    def write(self, writes: Sequence[Write]) -> bool:
        """Write a turn's rows in one transaction; False when that takes longer. Raises LedgerError when it fails."""

    def hold(self, writes: Sequence[Write]) -> None:
        """Note what the next `write` will bring."""

    def settled(self) -> bool:
        """Whether nothing is being written. Raises LedgerError when a write failed."""

    def knows(self, job_id: str) -> bool:
        """Whether the ledger can be asked about this job now."""

    @property
    def waits_s(self) -> float:
        """For how long the ledger has been waited for, to write or to read; 0 while it is not."""

    @property
    def reason(self) -> str:
        """Why it is waited for, in words."""


@dataclass(kw_only=True, slots=True)
class Deeds:
    """What may be done when its rows are written."""

    writes: list[Write] = field(default_factory=list)
    dispatches: list[Dispatch] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    acknowledged: list[bytes] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)

    def add(self, turn: Turn, acknowledged: Sequence[bytes]) -> None:
        """What a turn asks for comes after what is here already."""
        self.writes += turn.writes
        self.dispatches += turn.dispatches
        self.calls += turn.calls
        self.acknowledged += acknowledged
        self.notices += turn.notices

    def take_heartbeats(self) -> list[Call]:
        """The heartbeats among the calls, which are taken out: they may be sent before anything is written."""
        taken = [call for call in self.calls if call.kind is CallKind.HEARTBEAT]
        self.calls = [call for call in self.calls if call.kind is not CallKind.HEARTBEAT]
        return taken


class Pending:
    """Keeps the order of turns: one is written, then done, and only then the next is written.

    While a write takes long, later turns are collected and become one.
    """

    def __init__(self, books: Bookkeeping, do: Callable[[Deeds], None], tell: Callable[[LedgerState], None]) -> None:
        self._books = books
        self._do = do
        self._tell = tell
        #: what waits for the write under way, and for the one after it
        self._under_way: Deeds | None = None
        self._next = Deeds()
        self._say_at_s = _LATE_S
        #: for how long the ledger had been waited for at the last look
        self._waited_s = 0.0

    @property
    def late(self) -> bool:
        """Whether a write is under way, so that nothing new can be written down."""
        return self._under_way is not None

    @property
    def writes(self) -> list[Write]:
        """Rows that go with the next turn."""
        return self._next.writes

    def write(self, turn: Turn, acknowledged: Sequence[bytes]) -> None:
        """Write a turn's rows, then do what it asks for; while a write is late, heartbeats only, and the rest later."""
        deeds = self._next
        deeds.add(turn, acknowledged)
        if self._under_way is None:
            self._next = Deeds()
            if self._books.write(deeds.writes):
                self._do(deeds)
                return
            self._under_way = deeds
        else:
            self._books.hold(turn.writes)
        self._do(Deeds(calls=deeds.take_heartbeats()))

    def finish(self) -> None:
        """Do what waited for a write that has ended; say so when the ledger is late."""
        if self._under_way is not None and self._books.settled():
            deeds, self._under_way = self._under_way, None
            self._do(deeds)
        waits_s = self._books.waits_s
        if not waits_s:
            if self._say_at_s > _LATE_S:
                self._tell(LedgerState(reason="", waited_s=self._waited_s))
            self._say_at_s = _LATE_S
        elif waits_s >= self._say_at_s:
            self._say_at_s = waits_s + _LATE_AGAIN_S
            self._tell(LedgerState(reason=self._books.reason, waited_s=waits_s))
        self._waited_s = waits_s

    def give_up_after(self, seconds: float) -> None:
        """Raise LedgerBusy when the write under way has been at it for longer."""
        if self._books.waits_s > seconds:
            raise LedgerBusy(f"{self._books.reason}; not every session was stopped")
