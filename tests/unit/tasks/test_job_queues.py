"""Each job type is for the hardware that the original client's README names, and each host for the types it fits."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tasks.job_queues import QUEUES, queues_of_host
from tasks.jobtypes import CLASSES, JOB_TYPES, LEVELS, LONG_LEVELS, level_of_host
from tasks.messages import JOBS_QUEUE

#: cores and GPU memory in GB, as the README's table has them
README = {
    "fraud_detection": (1, 0),
    "model_training": (8, 8),
    "network_protection": (4, 0),
    "data_validation": (1, 0),
    "inference": (1, 0),
    "federated_learning": (8, 16),
    "gradient_compute": (4, 2),
    "matrix_ops": (2, 0),
}


@pytest.mark.parametrize(("name", "needs"), README.items())
def test_a_type_needs_what_the_readme_says(name: str, needs: tuple[int, int]) -> None:
    found = CLASSES[JOB_TYPES[name].level - 1]
    assert (found.cpu_cores, found.gpu_memory_mb / 1024) == needs


def test_each_class_is_used_and_asks_for_no_less_than_the_one_before() -> None:
    assert {one.level for one in JOB_TYPES.values()} == set(LEVELS)
    for lower, higher in pairwise(CLASSES):
        assert higher.fits(higher.cpu_cores, higher.gpu_memory_mb)
        assert not lower.fits(0, 0)
        assert lower.fits(higher.cpu_cores, higher.gpu_memory_mb)
        assert not higher.fits(lower.cpu_cores, lower.gpu_memory_mb)


@pytest.mark.parametrize(
    ("cores", "gpu_mb", "level"),
    [
        (1, 0, 1),
        (1, 24_564, 1),
        (2, 0, 2),
        (3, 8_192, 2),
        (4, 0, 3),
        (64, 0, 3),
        (4, 2_048, 4),
        (4, 24_564, 4),
        (8, 8_188, 5),
        # sold with 16 GB
        (8, 15_360, 6),
        (8, 14_000, 5),
        (64, 81_559, 6),
    ],
)
def test_a_host_is_of_the_highest_class_that_it_fits(cores: int, gpu_mb: int, level: int) -> None:
    assert level_of_host(cores, gpu_mb) == level


def levels_of(queues: tuple[str, ...]) -> list[int]:
    return [level for name in queues for level, queue in QUEUES.items() if name == queue]


def test_a_host_takes_from_the_queues_of_its_classes_the_best_first_and_from_that_of_every_host_last() -> None:
    assert queues_of_host(1) == (JOBS_QUEUE,)
    assert levels_of(queues_of_host(3)) == [3, 2, 1]
    assert levels_of(queues_of_host(6)) == [6, 5, 4, 3, 2, 1]


def test_while_hosts_help_others_those_that_qualify_take_long_jobs_first_and_the_others_short_ones() -> None:
    assert {JOB_TYPES[name].level for name in ("model_training", "matrix_ops")} == LONG_LEVELS
    assert levels_of(queues_of_host(1, 6)) == [1, 6, 4, 3, 5, 2]
    assert levels_of(queues_of_host(3, 6)) == [2, 3, 1, 6, 4, 5]
    assert levels_of(queues_of_host(6, 6)) == [5, 2, 6, 4, 3, 1]
    # as a coordinator of an earlier release says it
    assert levels_of(queues_of_host(3, 4)) == [2, 3, 1, 4]
    assert levels_of(queues_of_host(6, 2)) == [5, 2, 6, 4, 3, 1]


def test_each_class_has_a_queue_of_its_own() -> None:
    assert len({*QUEUES.values()}) == len(CLASSES)
    assert all(name.startswith(JOBS_QUEUE) for name in QUEUES.values()), "an invited host's user may use no others"


def test_the_words_of_a_class_say_what_it_needs() -> None:
    assert [one.words for one in CLASSES][::2] == ["1 core", "4 cores", "8 cores and a GPU of 8 GB"]
