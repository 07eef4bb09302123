"""Turns that wait for the ledger, and their effects, which are carried out after the write."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from fleet.domain.calls import Call, CallKind
from fleet.domain.effects import Dispatch, Notice, Write
from fleet.domain.turn import Turn
from fleet.errors import LedgerBusy

#: seconds until a line says that a commit is late, and until each further line
_LATE_S, _LATE_AGAIN_S = 1.5, 30.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """Event: a commit that the loop no longer waited for has ended."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LedgerState:
    """Whether ledger writes are late or on time again."""

    #: why the write is late; empty when it is not
    reason: str
    #: how long the ledger was waited for, in seconds
    waited_s: float


class Bookkeeping(Protocol):
    """Writes turns to the ledger."""

    def write(self, writes: Sequence[Write]) -> bool:
        """Write a turn's rows in one transaction; False when that takes longer. Raises LedgerError when it fails."""

    def hold(self, writes: Sequence[Write]) -> None:
        """Record rows that the next `write` will include."""

    def write_ended(self) -> bool:
        """Whether no write is in progress. Raises LedgerError when the last one failed."""

    def knows(self, job_id: str) -> bool:
        """Whether the ledger can be read for this job now."""

    @property
    def waits_s(self) -> float:
        """Seconds that the ledger has been waited for, to write or to read; 0 while it is not."""

    @property
    def reason(self) -> str:
        """Why the ledger is waited for, as a sentence."""


@dataclass(kw_only=True, slots=True)
class TurnEffects:
    """The effects of turns, to be carried out once their rows are written."""

    #: name of the server whose turns these are; empty for the only one
    server: str = ""
    writes: list[Write] = field(default_factory=list)
    dispatches: list[Dispatch] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    acknowledged: list[bytes] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)

    def add(self, turn: Turn, acknowledged: Sequence[bytes]) -> None:
        """Append the effects of a turn."""
        self.writes += turn.writes
        self.dispatches += turn.dispatches
        self.calls += turn.calls
        self.acknowledged += acknowledged
        self.notices += turn.notices

    def take_heartbeats(self) -> list[Call]:
        """Remove and return the heartbeats among the calls, which may be sent before anything is written."""
        taken = [call for call in self.calls if call.kind is CallKind.HEARTBEAT]
        self.calls = [call for call in self.calls if call.kind is not CallKind.HEARTBEAT]
        return taken


class Pending:
    """Keeps turns in order: a turn is written, its effects are carried out, and only then is the next one written.

    While a write takes long, later turns are collected into one.
    """

    def __init__(
        self,
        books: Bookkeeping,
        do: Callable[[TurnEffects], None],
        tell: Callable[[LedgerState], None],
        *,
        server: str = "",
    ) -> None:
        self._books = books
        self._server = server
        self._do = do
        self._tell = tell
        #: effects that wait for the write in progress, and those for the write after it
        self._under_way: TurnEffects | None = None
        self._next = TurnEffects(server=server)
        self._say_at_s = _LATE_S
        #: seconds that the ledger had been waited for at the last look
        self._waited_s = 0.0

    @property
    def late(self) -> bool:
        """Whether a write is in progress, so that nothing new can be written."""
        return self._under_way is not None

    @property
    def writes(self) -> list[Write]:
        """Rows to write with the next turn."""
        return self._next.writes

    def write(self, turn: Turn, acknowledged: Sequence[bytes]) -> None:
        """Write a turn's rows, then carry out its effects. While a write is late, only heartbeats are sent."""
        effects = self._next
        effects.add(turn, acknowledged)
        if self._under_way is None:
            self._next = TurnEffects(server=self._server)
            if self._books.write(effects.writes):
                self._do(effects)
                return
            self._under_way = effects
        else:
            self._books.hold(turn.writes)
        self._do(TurnEffects(server=self._server, calls=effects.take_heartbeats()))

    def finish(self) -> None:
        """Carry out the effects of a write that has ended; report when the ledger is late."""
        if self._under_way is not None and self._books.write_ended():
            effects, self._under_way = self._under_way, None
            self._do(effects)
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
        """Raise LedgerBusy when the write in progress has taken longer than `seconds`."""
        if self._books.waits_s > seconds:
            raise LedgerBusy(f"{self._books.reason}; not every session was stopped")
