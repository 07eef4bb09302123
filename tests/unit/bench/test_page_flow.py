"""The rows of page and flow: shares within each pair, whatever the pairs' own pace."""

from __future__ import annotations

import pytest

from bench.page_flow import CLIENTS, PAIRS, TARGET, Half, rows


def half(jobs_per_s: float, cpu_ms: float, serving: float = 0.0) -> Half:
    return Half(jobs_per_s=jobs_per_s, cpu_ms=cpu_ms, serving=serving)


def test_each_share_is_that_within_a_pair_and_the_median_pair_counts() -> None:
    # the machine is half as fast in the second pair
    pairs = [
        {True: half(99, 1.02, 1.5), False: half(100, 1.0)},
        {True: half(49, 2.06, 1.9), False: half(50, 2.0)},
        {True: half(97, 1.01, 2.5), False: half(100, 1.0)},
    ]
    flow, cpu, without, serving = rows(pairs)
    assert flow.runs == pytest.approx([99, 98, 97])
    assert flow.value == pytest.approx(98)
    assert flow.reached is (TARGET <= 98)
    assert str(flow.peer) == "pairs: 99.0, 98.0, 97.0; median without: 100"
    assert cpu.runs == pytest.approx([102, 103, 101])
    assert cpu.target is None
    assert without.runs == [1.0, 2.0, 1.0]
    assert (serving.value, serving.target) == (1.9, None)


def test_each_half_comes_first_equally_often() -> None:
    assert PAIRS % 2 == 0
    assert CLIENTS == 10
