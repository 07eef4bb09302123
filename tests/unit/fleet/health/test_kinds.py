"""Every kind says what to do, in one sentence."""

from __future__ import annotations

import pytest

from fleet.health.kinds import KINDS, ConditionKind, rank


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_the_remedy_is_a_sentence(kind: ConditionKind) -> None:
    assert kind.help[0].isupper() or kind.help.startswith("`")
    assert kind.help.endswith(".")


def test_what_stops_a_farm_ranks_before_what_costs_it() -> None:
    ranks = [rank(name) for name, kind in KINDS.items() if kind.stops]
    assert ranks == list(range(len(ranks)))
