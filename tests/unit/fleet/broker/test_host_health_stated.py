"""What workers state of themselves decides for a moment whether their hosts count as computing."""

from __future__ import annotations

from fleet.broker.host_health import HostHealth
from tasks.messages import Outcome
from tests.support.host_mining import BAD, GOOD, TYPE, WORSE, ended


def test_a_host_whose_workers_have_gone_is_expected_for_ten_more_seconds_unless_its_results_still_come() -> None:
    health = HostHealth()
    health.stated({"good", "bad"})
    for host in (GOOD, BAD):
        health.ended(ended("j1", 1, host, Outcome.COMPUTED), TYPE, 0.0)
    health.stated({"good"})
    assert health.able(9.0) == {GOOD, BAD}
    assert health.able(11.0) == {GOOD}
    health.ended(ended("j2", 1, BAD, Outcome.COMPUTED), TYPE, 12.0)
    assert health.able(13.0) == {GOOD, BAD}, "anybody may have made it look absent"
    health.stated({"good", "bad"})
    assert health.able(100.0) == {GOOD, BAD}


def test_a_host_that_never_stated_anything_counts_for_two_minutes() -> None:
    health = HostHealth()
    health.stated({"good"})
    health.able(0.0)
    health.ended(ended("j1", 1, BAD, Outcome.COMPUTED), TYPE, 0.0)
    assert health.able(100.0) == {BAD}
    assert health.able(121.0) == frozenset()


def test_at_the_start_hosts_that_state_that_they_take_jobs_count_for_ten_seconds() -> None:
    health = HostHealth()
    assert health.able(100.0) == set()
    health.stated(["good", "bad-0123456789ab", "shed"])
    health.paused = frozenset({"shed"})
    health.able(101.0)
    health.ended(ended("j1", 1, GOOD, Outcome.COMPUTED), TYPE, 102.0)
    health.stated(["good", "bad-0123456789ab", "worse", "shed"])
    assert health.able(110.0) == {GOOD, "worker@bad-0123456789ab", WORSE}
    assert health.able(111.0) == {GOOD}
    health.stated(["good", "invented"])
    assert health.able(112.0) == {GOOD}, "a host that comes later counts once it has computed a job"


def test_a_host_that_failed_counts_no_longer_by_its_word_alone() -> None:
    health = HostHealth()
    health.stated(["good", "bad"])
    health.ended(ended("j1", 1, BAD), TYPE, 101.0)
    assert health.able(102.0) == {GOOD}
