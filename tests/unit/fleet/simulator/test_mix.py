"""The mix of job types."""

from __future__ import annotations

from random import Random

import pytest

from fleet.simulator.errors import OptionError
from fleet.simulator.mix import Mix, TypeDraw, parse_mix


def test_a_mix_hands_out_its_order_first_and_then_by_weight() -> None:
    draw = TypeDraw(Mix(weights={"inference": 3, "data_hash": 1, "matrix_ops": 0}, order=("matrix_ops",)), ())
    rng = Random(1)
    drawn = [draw(rng) for _ in range(4001)]
    assert drawn[0] == "matrix_ops"
    assert "matrix_ops" not in drawn[1:]
    assert 2800 < drawn.count("inference") < 3200


@pytest.mark.parametrize(
    "text", ["nonsense", "inference=x", "inference=-1", "inference=nan", "inference=0", "light,inference"]
)
def test_a_mistyped_mix_is_refused(text: str) -> None:
    with pytest.raises(OptionError):
        parse_mix(text)
