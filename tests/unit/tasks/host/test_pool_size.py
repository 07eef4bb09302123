"""How many processes a worker starts, by what its host grants."""

from __future__ import annotations

import pytest

from tasks.errors import TooFewFilesError
from tasks.host.open_files import needed, processes_within
from tasks.host.pool_size import gpu_places, pool_size

PLENTY = 65_536


@pytest.mark.parametrize(
    ("cores", "memory_mb", "open_files", "processes"),
    [
        (8, 0, PLENTY, 8),
        (8, 24_000, PLENTY, 8),
        (8, 220, PLENTY, 1),
        (8, 300, PLENTY, 3),
        (8, 20, PLENTY, 1),
        (64, 24_000, 256, 32),
    ],
)
def test_without_a_number_the_narrowest_of_what_is_granted_decides(
    cores: int, memory_mb: int, open_files: int, processes: int
) -> None:
    chosen = pool_size(asked=None, cores=cores, memory_mb=memory_mb, open_files=open_files)
    assert chosen.processes == processes
    assert (chosen.note == "") == (processes == cores)


def test_the_bound_is_named() -> None:
    assert "220 MB of memory" in pool_size(asked=None, cores=8, memory_mb=220, open_files=PLENTY).note
    assert "256 open files" in pool_size(asked=None, cores=64, memory_mb=9_000, open_files=256).note


@pytest.mark.parametrize(
    ("memory_mb", "processes", "note"),
    [
        (9_000, 8, ""),
        (0, 8, ""),
        (500, 8, "8 processes may need 608 MB, and 500 MB are granted"),
        (220, 3, "3 of 8 processes are started, as 220 MB of memory are granted"),
        (64, 1, "1 of 8 processes are started, as 64 MB of memory are granted"),
    ],
)
def test_a_number_that_was_asked_for_is_kept_as_long_as_it_fits_in_at_all(
    memory_mb: int, processes: int, note: str
) -> None:
    chosen = pool_size(asked=8, cores=2, memory_mb=memory_mb, open_files=PLENTY)
    assert chosen.processes == processes
    assert note in chosen.note
    assert bool(note) == bool(chosen.note)


def test_a_number_that_the_limit_of_open_files_forbids_is_refused_with_the_number_that_it_allows() -> None:
    with pytest.raises(TooFewFilesError, match=r"64 processes need 448 open files, and 256 are .* to 32 or less"):
        pool_size(asked=64, cores=64, memory_mb=0, open_files=256)
    assert needed(32) <= 256 < needed(33)
    assert processes_within(10) == 0


@pytest.mark.parametrize(
    ("processes", "memory_mb", "gpu_mb", "places"),
    [
        (4, 0, [4096], (0, 0, 0, 0)),
        (8, 64_000, [4096], (0, 0, 0, 0)),
        (8, 64_000, [2048, 4096], (0, 1, 0, 1, 1, 1)),
        (3, 64_000, [8192, 8192], (0, 1, 0)),
        (4, 64_000, [512], ()),
        (4, 64_000, [512, 2048], (1, 1)),
        (4, 64_000, [], ()),
        (1, 1024, [8192], ()),
        (1, 96 + 64 + 1024, [8192], (0,)),
        (2, 96 + 2 * 64 + 1500, [8192], (0,)),
        (2, 100, [8192], ()),
        (2, 64_000, [10**15], (0, 0)),
    ],
)
def test_as_many_processes_use_a_gpu_as_its_memory_and_what_the_pool_leaves_allow(
    processes: int, memory_mb: int, gpu_mb: list[int], places: tuple[int, ...]
) -> None:
    assert gpu_places(processes=processes, memory_mb=memory_mb, gpu_mb=gpu_mb) == places
