"""A control of something that does not exist is refused with what does."""

from __future__ import annotations

import pytest

from fleet.control.control import FARM, STEERED, Target, TargetKind
from fleet.control.known import Known
from fleet.errors import ControlRefused

FARMS = Known(
    miners={"garage-1": ("garage", "old"), "shed-1": ()},
    hosts=["attic"],
    job_types=["inference", "matrix_ops"],
    servers=["main"],
    tags=["garage"],
)


@pytest.mark.parametrize(
    ("kind", "name", "words"),
    [
        (TargetKind.MINER, "garage-2", "the farm has no miner 'garage-2': there are garage-1, shed-1; did you mean"),
        (TargetKind.TAG, "barn", "no miner has the tag 'barn': there are garage, old"),
        (TargetKind.HOST, "cellar", "the farm has no host 'cellar': there is attic"),
        (TargetKind.JOB_TYPE, "matrix", "the farm has no job type 'matrix': there are inference, matrix_ops; did you"),
        (TargetKind.HOST, "ATTIC", "the farm has no host 'ATTIC': there is attic; did you mean 'attic'?"),
        (TargetKind.MINER, "SHED-1", "there are garage-1, shed-1; did you mean 'shed-1'?"),
        (TargetKind.SERVER, "x", "the farm has no server 'x': there is main"),
    ],
)
def test_what_is_unknown_is_refused_with_what_there_is(kind: TargetKind, name: str, words: str) -> None:
    with pytest.raises(ControlRefused) as refused:
        FARMS.check(Target(kind=kind, name=name))
    assert words in str(refused.value)


def test_what_exists_is_accepted() -> None:
    for kind in STEERED:
        for name in FARMS.names(kind):
            FARMS.check(Target(kind=kind, name=name))
    FARMS.check(FARM)


def test_a_farm_without_tags_says_how_to_give_some_and_a_long_list_is_cut() -> None:
    many = Known(miners={f"rig-{number:02d}": () for number in range(20)})
    with pytest.raises(ControlRefused, match="give a \\[\\[miner\\]\\] table tags"):
        many.check(Target(kind=TargetKind.TAG, name="x"))
    with pytest.raises(ControlRefused, match="rig-07 and 12 more"):
        many.check(Target(kind=TargetKind.MINER, name="zzz"))
