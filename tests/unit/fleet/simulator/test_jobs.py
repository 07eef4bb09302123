"""Jobs of every type can be drawn."""

from __future__ import annotations

from random import Random

from fleet.simulator.jobs import JOB_TYPE_NAMES, draw_data, poisoned
from tasks.jobtypes import JOB_TYPES


def test_every_job_type_of_the_protocol_can_be_drawn_and_poisoned() -> None:
    assert set(JOB_TYPE_NAMES) == set(JOB_TYPES)
    for name in JOB_TYPE_NAMES:
        assert draw_data(name, Random(1)) == draw_data(name, Random(1))
        assert poisoned(name) != draw_data(name, Random(1))
