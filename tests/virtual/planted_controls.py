"""Deliberate bugs in how controls are followed and recorded."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from fleet.control.control import Control, ControlChange
from fleet.control.in_force import Controls
from fleet.control.request import Followed
from fleet.coordinator.scheduling.auto_miners import AutoMiners
from fleet.coordinator.steering.steering import SteeredFarm, Steering
from fleet.domain.events import Closed
from fleet.ledger.controls import ControlBook
from fleet.miner.miner import Miner
from tests.virtual.planted_bug import Planted

_init, _write = Steering.__init__, ControlBook._write


def _starts_with_nothing_paused(
    self: Steering, farms: Sequence[SteeredFarm], _: Controls, *args: Any, **names: Any
) -> None:
    _init(self, farms, Controls(), *args, **names)


def _fetches_while_paused(self: Miner) -> bool:
    return not self.draining


def _keeps_every_session(*_: object) -> None:
    """Plan no end of a session."""


def _stops_every_session(_: Steering, miner: Miner, __: Control, now: float, ___: int) -> None:
    miner.on(Closed(), now)


def _opens_no_session_again(self: AutoMiners, paused: Collection[str], now: float) -> None:
    self.paused, self.look_at = self.paused | frozenset(paused), now


def _records_no_end(self: ControlBook, connection: Any, outcome: Followed) -> Followed:
    if outcome.entry.change is ControlChange.END:
        return outcome
    return _write(self, connection, outcome)


OF_CONTROLS = (
    Planted(
        name="starts with nothing paused",
        owner=Steering,
        attribute="__init__",
        bug=_starts_with_nothing_paused,
        seed=1,
        later=True,
    ),
    Planted(
        name="fetches while paused",
        owner=Miner,
        attribute="_takes",
        bug=property(_fetches_while_paused),
        seed=30,
        later=True,
    ),
    Planted(
        name="never stops a paused session",
        owner=Steering,
        attribute="_plan_close",
        bug=_keeps_every_session,
        seed=24,
        later=True,
    ),
    Planted(
        name="stops a session that is to be kept",
        owner=Steering,
        attribute="_plan_close",
        bug=_stops_every_session,
        seed=36,
        later=True,
    ),
    Planted(
        name="opens no session again",
        owner=AutoMiners,
        attribute="pause",
        bug=_opens_no_session_again,
        seed=131,
        later=True,
    ),
    Planted(
        name="never records that a control is over",
        owner=ControlBook,
        attribute="_write",
        bug=_records_no_end,
        seed=1,
        later=True,
    ),
)
