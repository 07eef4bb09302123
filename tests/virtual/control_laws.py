"""The laws of controls: what is paused begins nothing, keeps its session as told, and mines again afterwards."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from fleet.control.control import FARM, Control, ControlChange, Target
from fleet.control.in_force import Controls, strictest
from fleet.domain.calls import Call, CallKind
from fleet.ledger.controls import ControlBook
from tests.virtual.timeline import EPOCH_S

#: the loop of a schedule with controls looks at least this often, in seconds; it stops a session no later than that
LOOKS_EVERY_S = 5.0
_SLACK_S = LOOKS_EVERY_S + 1.0


@dataclass(kw_only=True, slots=True)
class _Told:
    """What a miner's coordinator was told of it."""

    #: the control that covers it; None while it mines
    control: Control | None = None
    #: when its session is to be stopped, by the timeline; inf if it is kept
    stops_at: float = math.inf
    #: when a session of it was to be stopped first
    first_stop_at: float = math.inf
    #: when it last fetched, or had a job dispatched, while nothing paused it
    mined_at: float = -math.inf


class ControlLaws:
    """Checks what is sent by what the coordinator was told. `closes` says whether sessions are closed for income too.

    `hold` raises BrokenLawError with a text unless it gets True.
    """

    def __init__(
        self,
        targets: Mapping[str, Collection[Target]],
        hold: Callable[[bool, str], None],
        mining_s: float,
        *,
        closes: bool,
    ) -> None:
        self._targets, self._hold, self._mining_s, self._closes = targets, hold, mining_s, closes
        self._told = {miner_id: _Told() for miner_id in targets}
        #: whether the coordinator was told to drain the farm
        self.draining = False
        #: miner → whether the ledger says that a session of it is open
        self.in_session: dict[str, bool] = {}
        #: miners whose next request for a session is the first one since the last outcome
        self.requested: set[str] = set()
        #: miners of which the ledger says that a session was requested, and not what became of it
        self.in_doubt: set[str] = set()

    def born(self, controls: Controls, now: float) -> None:
        """A coordinator starts with these controls, and is in doubt about each session that the last one requested."""
        self.draining = False
        self.requested.clear()
        self.follow(controls, now)

    def stopping(self) -> None:
        """The coordinator is told to drain the farm."""
        self.draining = True

    def follow(self, controls: Controls, now: float) -> None:
        """The coordinator is told of these controls."""
        now_ms = round((EPOCH_S + now) * 1000)
        live = Controls(one for one in controls if not one.ended(now_ms))
        for miner_id, targets in self._targets.items():
            told, control = self._told[miner_id], strictest(live.covering(targets))
            if control == told.control:
                continue
            told.control, told.stops_at = control, math.inf
            if control is not None:
                at_ms = control.stops_at_ms
                # a session in doubt may be there to keep, which the next answer shows
                kept = at_ms is None and (self.in_session.get(miner_id, False) or miner_id in self.in_doubt)
                due = now if at_ms is None else max(now, at_ms / 1000 - EPOCH_S)
                told.stops_at = math.inf if kept else due
                # one that is about to open a session has none to keep
                soonest = due if self.in_session.get(miner_id, False) else now
                stays = kept and miner_id not in self.in_doubt
                told.first_stop_at = min(told.first_stop_at, math.inf if stays else soonest)

    def wrote(self, miner_id: str, now: float, *, opened: bool) -> None:
        """The ledger says that a session of this miner was opened, or is over."""
        self.in_doubt.discard(miner_id)
        self.in_session[miner_id] = opened
        told = self._told[miner_id]
        if not opened and told.control is not None:
            # the next look at the controls finds no session to keep, and closes the miner
            told.first_stop_at = min(told.first_stop_at, now)

    def sent(self, call: Call, now: float, *, open_jobs: bool) -> None:
        """A call is sent; `open_jobs` is whether its miner has any."""
        miner_id = call.spec.miner_id
        told = self._told[miner_id]
        paused = told.control is not None
        if call.kind is CallKind.FETCH:
            self._hold(not paused, f"controls: {miner_id} fetches while {told.control}")
            told.mined_at = now
        elif call.kind is CallKind.START_SESSION:
            # one whose first request is in doubt may have a session
            finishes = open_jobs or self.in_session.get(miner_id, False) or miner_id not in self.requested
            self.requested.discard(miner_id)
            self._hold(not paused or finishes, f"controls: {miner_id} opens a session while {told.control}")
        elif call.kind is CallKind.HEARTBEAT:
            late = paused and not open_jobs and now > told.stops_at + _SLACK_S
            self._hold(not late, f"controls: {miner_id} keeps its session after {told.stops_at:.1f} s")
        elif call.kind is CallKind.STOP_SESSION:
            early = now < told.first_stop_at and not (self.draining or self._closes)
            self._hold(not early, f"controls: the session of {miner_id} is stopped, which nobody ordered")

    def dispatched(self, miner_id: str, now: float) -> None:
        """A job of a miner is dispatched. Jobs that come with heartbeats may leave it no room for a fetch."""
        if self._told[miner_id].control is None:
            self._told[miner_id].mined_at = now

    def agrees(self, paused: Mapping[str, bool]) -> None:
        """The coordinator pauses exactly the miners that it was told to; `paused` is what it says of each."""
        for miner_id, is_paused in paused.items():
            covered = self._told[miner_id].control is not None
            words = f"controls: {miner_id} is {'' if is_paused else 'not '}paused, told is {self._told[miner_id]}"
            self._hold(self.draining or is_paused == covered, words)

    def idle(self) -> list[str]:
        """The miners that nothing pauses and that have not mined since all was calm."""
        if self._closes:
            return []
        return [name for name, one in self._told.items() if one.control is None and one.mined_at < self._mining_s]

    def recorded(self, book: ControlBook) -> None:
        """The log tells how each control in force came about."""
        by_log = set[Target]()
        for entry in book.log():
            if entry.change in {ControlChange.RESUME, ControlChange.END}:
                by_log.discard(entry.target)
            elif entry.change is not ControlChange.RETRY and (entry.change, entry.target) != (
                ControlChange.DRAIN,
                FARM,
            ):
                by_log.add(entry.target)
        in_force = {one.target for one in book.in_force()}
        self._hold(by_log == in_force, f"controls: in force are {in_force}, the log says {by_log}")
