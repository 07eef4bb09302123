"""What the coordinator uses under virtual time: a ledger, a broker and a display, at any of which it may die."""

from __future__ import annotations

from collections.abc import Sequence

from fleet.broker.routes import Routes
from fleet.domain.effects import Dispatch, Notice, Write
from fleet.ledger.ledger import Ledger
from tests.virtual.caller import LoopLaws, VirtualInbox
from tests.virtual.connection import Connection
from tests.virtual.death import Death
from tests.virtual.laws import Laws
from tests.virtual.timeline import Timeline


class MortalLedger(Ledger):
    """The real ledger. The coordinator may die before and after each commit."""

    death: Death
    laws: Laws
    inbox: VirtualInbox

    def leave(self) -> None:
        """Return the connection of a dead coordinator; the database stays."""
        self._link.close()
        self._beside.close()

    def commit(self, writes: Sequence[Write]) -> None:
        """Write; the coordinator may die before or after."""
        if writes:
            self.inbox.worked = True
            self.death.may_strike("before the commit")
        super().commit(writes)
        self.laws.committed(writes)
        if writes:
            self.death.may_strike("after the commit")


class BooksAtOnce:
    """Writes each turn before the loop continues, since virtual time has no slow disk."""

    waits_s = 0.0
    reason = ""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def write(self, writes: Sequence[Write]) -> bool:
        """Commit."""
        self._ledger.commit(writes)
        return True

    def hold(self, writes: Sequence[Write]) -> None:
        """Never needed: no turn runs while a commit is in progress."""
        raise AssertionError(writes)

    def write_ended(self) -> bool:
        """No write is ever in progress."""
        return True

    def knows(self, job_id: str) -> bool:  # noqa: ARG002 - the protocol's
        """The ledger can always be read."""
        return True


class MortalBroker:
    """The connection to Redis. The coordinator may die before each use of it."""

    def __init__(self, connection: Connection, death: Death, laws: LoopLaws, inbox: VirtualInbox) -> None:
        self._connection = connection
        self._death = death
        self._laws = laws
        self._inbox = inbox

    def dispatch(self, order: Dispatch) -> None:
        """Publish a job."""
        self._death.may_strike("before a dispatch")
        self._inbox.worked = True
        self._laws.dispatched(order)
        self._connection.dispatch(order)

    def route(self, routes: Routes) -> None:
        """All workers are alike."""

    def acknowledge(self, entries: Sequence[bytes]) -> None:
        """Remove results from the stream."""
        self._death.may_strike("before results are acknowledged")
        self._laws.acknowledged(entries)
        self._connection.acknowledge(entries)
        self._death.may_strike("after results are acknowledged")


class Watcher:
    """Writes everything that it is notified of to the trace."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline

    def notice(self, notice: Notice) -> None:
        """A miner's event."""
        if self._timeline.tracing:
            amount = "" if notice.amount is None else f" {notice.amount}"
            text = f"{notice.kind.value} {notice.miner_id} {notice.job_id[:8]}{amount} {notice.text}"
            self._timeline.trace(f"farm: {text}")

    def network(self, network: object) -> None:
        """New fees and phase."""

    def broker(self, state: object) -> None:
        """Redis was lost or found again."""
        self._timeline.trace(f"farm: {state}")

    def ledger(self, state: object) -> None:
        """Never called: the ledger is never late."""

    def flaw(self, text: str) -> None:
        """A stream entry was not a result."""

    def stopping(self, reason: str, outlook: str, ends_at: float) -> None:
        """The drain begins."""
        self._timeline.trace(f"farm: draining until {ends_at:g}, {reason} {outlook}")

    def tick(self, farm: object, now: float) -> None:
        """A turn has ended."""
