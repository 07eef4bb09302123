"""How many results of a host are checked, and when a host is distrusted."""

from __future__ import annotations

import random

import pytest

from fleet.audit.auditor import Auditor
from fleet.domain.checks import Checked
from tasks.messages import Outcome, ResultMessage

BOTH = frozenset({"worker@a", "worker@b"})


def _result(host: str = "a", compute_ms: float = 1.0) -> ResultMessage:
    return ResultMessage(
        job_id="j1", attempt=1, outcome=Outcome.COMPUTED, result={}, worker=f"worker@{host}", compute_ms=compute_ms
    )


def _auditor(share: float = 0.02) -> Auditor:
    return Auditor(share, random.Random(1))


def _agreed(auditor: Auditor, times: int, host: str = "a") -> None:
    for _ in range(times):
        auditor.take(Checked(job_id="j1", agreed=(host,), first=host))


def test_all_results_of_a_new_host_are_checked_until_ten_agreed() -> None:
    auditor = _auditor()
    assert auditor.share_of("a") == 1
    _agreed(auditor, 9)
    assert auditor.share_of("a") == 1


@pytest.mark.parametrize(("agreed", "share"), [(10, 0.5), (20, 0.25), (50, 0.03125), (60, 0.02), (1_000, 0.02)])
def test_the_share_halves_with_every_ten_that_agree_down_to_the_setting(agreed: int, share: float) -> None:
    auditor = _auditor()
    _agreed(auditor, agreed)
    assert auditor.share_of("a") == share


def test_after_a_wrong_result_all_are_checked_again() -> None:
    auditor = _auditor()
    _agreed(auditor, 100)
    auditor.take(Checked(job_id="j1", wrong=("a",)))
    assert auditor.share_of("a") == 1


def test_without_a_share_nothing_is_checked() -> None:
    assert _auditor(0.0).share_of("a") == 0


def test_a_host_that_is_wrong_twice_is_distrusted_with_the_reason() -> None:
    auditor = _auditor()
    auditor.take(Checked(job_id="j1", agreed=("b",), wrong=("a",)))
    assert auditor.trusts("worker@a")
    auditor.take(Checked(job_id="j1", agreed=("b",), wrong=("a",)))
    assert not auditor.trusts("worker@a-0123456789ab")
    assert auditor.trusted(BOTH) == {"worker@b"}
    assert auditor.log == ["a"]
    assert auditor.records["a"].distrusted == "2 of its results were wrong"


def test_a_host_that_is_forgiven_is_as_good_as_new() -> None:
    auditor = _auditor()
    auditor.keep_out(["a"], "2 of its results were wrong")
    assert not auditor.trusts("worker@a")
    auditor.forgive("a")
    assert auditor.trusts("worker@a")
    assert auditor.share_of("a") == 1


def test_a_kernel_time_longer_than_the_job_was_away_is_cut_and_the_third_such_is_distrusted() -> None:
    auditor = _auditor()
    for number in range(3):
        assert auditor.trusts("worker@a")
        ordered_at = 100.0 * number
        found = auditor.timed(_result(compute_ms=60_000.0), ordered_at, ordered_at + 2)
        assert found.compute_ms == pytest.approx(2_100)
    assert auditor.records["a"].distrusted == "states longer kernel times than are possible"


def test_times_that_a_suspension_made_impossible_count_once() -> None:
    auditor = _auditor()
    for _ in range(20):
        auditor.timed(_result(compute_ms=60_000.0), 100.0, 102.0)
    assert auditor.trusts("worker@a")


def test_plausible_times_make_up_for_an_impossible_one() -> None:
    auditor = _auditor()
    for number in range(10):
        ordered_at = 100.0 * number
        auditor.timed(_result(compute_ms=60_000.0), ordered_at, ordered_at + 2)
        for _ in range(20):
            assert auditor.timed(_result(), ordered_at, ordered_at + 2).compute_ms == 1
    assert auditor.trusts("worker@a")


def test_invented_hosts_push_out_no_distrusted_one() -> None:
    auditor = _auditor()
    auditor.keep_out(["a"], "wrong")
    for number in range(1_000):
        auditor.record(f"invented{number}")
    assert not auditor.trusts("worker@a")
    assert len(auditor.records) <= 256


def test_the_cost_and_the_disputes_are_counted() -> None:
    auditor = _auditor()
    auditor.take(Checked(job_id="j1", agreed=("a", "b"), extra_ms=2.5))
    auditor.take(Checked(job_id="j1", disputed=True, unchecked="b"))
    assert (auditor.extra_ms, auditor.disputed, auditor.records["b"].unchecked) == (2.5, 1, 1)
