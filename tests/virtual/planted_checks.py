"""Deliberate bugs in how results are checked."""

from __future__ import annotations

from typing import Any

from fleet.domain.effects import Effect
from fleet.miner.checking import Checking
from fleet.miner.job import ActiveJob
from tests.virtual.planted_bug import Planted

_claimed = Checking.claimed


def _believes_the_first_host(self: Any, active: ActiveJob, claim: Any, *_: object, **__: object) -> list[Effect]:
    return self.computed(active, claim)  # type: ignore[no-any-return]


def _believes_the_last_host(self: Any, active: ActiveJob, claim: Any, *_: object, **__: object) -> list[Effect]:
    if active.claims:
        return self.computed(active, claim)  # type: ignore[no-any-return]
    active.claims.append(claim)
    order = self._order(active, active.redispatch_at)
    return [active.moved(active.state), order]


def _holds_nothing(self: Any, active: ActiveJob, claim: Any, able: Any, now: float, *, held: bool) -> list[Effect]:
    if held:
        return self.computed(active, claim)  # type: ignore[no-any-return]
    return _claimed(self, active, claim, able, now, held=False)


OF_CHECKS = (
    Planted(
        name="submits what is held",
        owner=Checking,
        attribute="claimed",
        bug=_holds_nothing,
        seed=81,
        later=True,
    ),
    Planted(
        name="believes the first host",
        owner=Checking,
        attribute="claimed",
        bug=_believes_the_first_host,
        seed=11,
        later=True,
    ),
    Planted(
        name="believes the last host",
        owner=Checking,
        attribute="claimed",
        bug=_believes_the_last_host,
        seed=81,
        later=True,
    ),
)
