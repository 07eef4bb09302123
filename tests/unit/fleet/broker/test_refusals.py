"""When the coordinator says that Redis refuses what it sends."""

from __future__ import annotations

from fleet.broker.refusals import BrokerRefusal, Refusals

FULL = ValueError("OOM command not allowed when used memory > 'maxmemory'.")


def refusals() -> Refusals:
    return Refusals("jobs", "wait in the ledger")


def test_a_refusal_is_told_at_once_and_then_every_ten_seconds_with_all_that_came_between() -> None:
    one = refusals()
    stated = [one.refused(FULL, 3, now / 10, away=False) for now in range(250)]
    words = [word for word in stated if word is not None]
    assert [word.count for word in words] == [3, 300, 300]
    assert words[0].reason == "ValueError: OOM command not allowed when used memory > 'maxmemory'."


def test_its_end_is_told_once() -> None:
    one = refusals()
    assert one.accepted() is None
    one.refused(FULL, 1, 0.0, away=False)
    assert one.accepted() == BrokerRefusal(what="jobs", reason="", meanwhile="wait in the ledger")
    assert one.accepted() is None
    assert one.refused(FULL, 1, 1.0, away=False) is not None


def test_a_connection_that_is_lost_for_a_moment_is_left_to_the_intake() -> None:
    one = refusals()
    assert one.refused(ConnectionError("reset"), 1, 0.0, away=True) is None
    assert one.refused(ConnectionError("reset"), 1, 9.9, away=True) is None
    assert one.accepted() is None
    assert one.refused(ConnectionError("reset"), 1, 20.0, away=True) is None
    word = one.refused(ConnectionError("reset"), 1, 30.0, away=True)
    assert word is not None
    assert word.count == 2


def test_what_redis_says_is_plain_and_bounded() -> None:
    word = refusals().refused(ValueError("\x1b[2J" + "x" * 1_000), 1, 0.0, away=False)
    assert word is not None
    assert len(word.reason) <= 200
    assert "\x1b" not in word.reason
