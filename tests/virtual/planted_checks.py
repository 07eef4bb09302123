"""Deliberate bugs in how results are checked."""

from __future__ import annotations

from typing import Any

from fleet.domain.effects import Effect
from fleet.miner.attempts import Attempts
from fleet.miner.job import ActiveJob
from tests.virtual.planted_bug import Planted


def _believes_the_first_host(self: Any, active: ActiveJob, claim: Any, *_: object) -> list[Effect]:
    return self._computed(active, claim)  # type: ignore[no-any-return]


def _believes_the_last_host(self: Any, active: ActiveJob, claim: Any, *_: object) -> list[Effect]:
    if active.claims:
        return self._computed(active, claim)  # type: ignore[no-any-return]
    active.claims.append(claim)
    order = self.order(active, active.redispatch_at)
    return [active.moved(active.state), order]


OF_CHECKS = (
    Planted(
        name="believes the first host",
        owner=Attempts,
        attribute="_claimed",
        bug=_believes_the_first_host,
        seed=11,
        later=True,
    ),
    Planted(
        name="believes the last host",
        owner=Attempts,
        attribute="_claimed",
        bug=_believes_the_last_host,
        seed=81,
        later=True,
    ),
)
