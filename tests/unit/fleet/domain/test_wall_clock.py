"""A clock that is set is noticed; one that drifts, or a machine that slept, is not taken for that."""

from __future__ import annotations

import pytest

from fleet.domain.wall_clock import Jump, WallClock, read_jumps

HOUR_MS = 3_600_000
TWO = 1_800_000_000_000


class Clocks:
    """The two clocks of a machine, moved by hand."""

    def __init__(self) -> None:
        self.wall = TWO
        self.steady = 5_000

    def pass_ms(self, ms: int) -> None:
        self.wall += ms
        self.steady += ms


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


@pytest.fixture
def clock(clocks: Clocks) -> WallClock:
    return WallClock(lambda: clocks.wall, lambda: clocks.steady)


@pytest.mark.parametrize("hours", [20, -20, 1, -1])
def test_a_clock_that_was_set_is_a_jump_from_what_it_would_have_shown(
    clocks: Clocks, clock: WallClock, hours: int
) -> None:
    clocks.pass_ms(250)
    clocks.wall += hours * HOUR_MS
    assert clock.now_ms() == clocks.wall
    [jump] = clock.unreported()
    assert jump == Jump(from_ms=TWO + 250, to_ms=TWO + 250 + hours * HOUR_MS)
    assert jump.by_s == hours * 3_600
    assert clock.unwritten() == [jump]
    assert (clock.unreported(), clock.unwritten()) == ([], [])
    assert clock.jumped_ms == hours * HOUR_MS


def test_time_that_passes_for_both_clocks_is_no_jump(clocks: Clocks, clock: WallClock) -> None:
    clocks.pass_ms(12 * HOUR_MS)
    assert clock.now_ms() == TWO + 12 * HOUR_MS
    assert clock.unreported() == []


def test_a_drift_that_is_put_right_bit_by_bit_is_no_jump(clocks: Clocks, clock: WallClock) -> None:
    for _ in range(100):
        clocks.pass_ms(1_000)
        clocks.wall += 500
        clock.now_ms()
    assert clock.unreported() == []


def test_a_start_before_the_newest_entry_is_a_jump_back(clocks: Clocks, clock: WallClock) -> None:
    clock.at_least(TWO + 9_000)
    assert clock.unreported() == []
    clock.at_least(TWO + 20 * HOUR_MS)
    assert clock.unreported() == [Jump(from_ms=TWO + 20 * HOUR_MS, to_ms=clocks.wall)]
    # no time of this process was lost
    assert clock.jumped_ms == 0


@pytest.mark.parametrize(
    ("to_ms", "words"),
    [
        (TWO + 20 * HOUR_MS, "forward by 20 h 0 min: 2027-01-15 08:00:00 UTC → 2027-01-16 04:00:00 UTC"),
        (TWO - 90 * 60_000, "back by 1 h 30 min: 2027-01-15 08:00:00 UTC → 2027-01-15 06:30:00 UTC"),
        (TWO + 12 * 60_000, "forward by 12 min"),
        (TWO - 25_000, "back by 25 s"),
    ],
)
def test_a_jump_is_said_with_its_way_its_length_and_both_times(to_ms: int, words: str) -> None:
    assert f"jumped {words}" in Jump(from_ms=TWO, to_ms=to_ms).text


def test_more_jumps_than_anybody_reads_are_forgotten(clocks: Clocks, clock: WallClock) -> None:
    for number in range(500):
        clocks.wall += HOUR_MS if number % 2 else -HOUR_MS
        clock.now_ms()
    assert len(clock.unreported()) == 100


@pytest.mark.parametrize("value", [None, "", "no JSON", "{}", "[1, [2], [3, 4, 5], [true, 1], [-1, 2], [1, 1e9]]"])
def test_what_is_no_list_of_pairs_holds_no_jumps(value: str | None) -> None:
    assert read_jumps(value) == []
