"""A disk that fills and a certificate that ends are known days before."""

from __future__ import annotations

from fleet.health.surroundings import Surroundings

DAY_S, GB = 86_400.0, 1 << 30


def filled(gb_a_day: float, free_gb: float, hours: float) -> Surroundings:
    """A disk that filled for some hours, and has so much left now."""
    one, steps = Surroundings(), int(hours * 12)
    for step in range(steps + 1):
        left = free_gb + gb_a_day * (steps - step) / 288
        one.free(int(left * GB), step * 300.0)
    return one


def texts(one: Surroundings, unix_s: float = 0.0) -> list[str]:
    return [found.text for found in one.look(unix_s)]


def test_a_disk_that_is_full_in_less_than_three_days_says_so() -> None:
    assert texts(filled(10.0, 25.0, 6.0)) == ["The ledger's disk will be full in less than three days."]
    assert texts(filled(10.0, 35.0, 6.0)) == []
    assert texts(filled(0.0, 35.0, 6.0)) == []


def test_minutes_say_nothing_of_days_but_an_almost_full_disk_is_one_at_once() -> None:
    assert texts(filled(1_000.0, 25.0, 0.25)) == []
    one = Surroundings()
    one.free(10 << 20, 0.0)
    assert texts(one) == ["The ledger's disk is almost full."]


def test_a_warning_stays_until_there_is_clearly_more_room() -> None:
    one = filled(10.0, 29.0, 6.0)
    assert texts(one)
    one.free(int(29.2 * GB), 6 * 3_600.0 + 300.0)
    assert texts(one), "less than four days are not enough yet"
    one.free(int(31 * GB), 6 * 3_600.0 + 600.0)
    assert not texts(one)


def test_a_certificate_that_ends_in_twenty_days_says_so() -> None:
    one = Surroundings()
    assert texts(one) == []
    one.certificates_end = {"main": 100 * DAY_S, "side": 400 * DAY_S}
    assert texts(one, 79.0 * DAY_S) == []
    assert texts(one, 85.4 * DAY_S) == ["The certificate of the server main ends in 15 days."]
    assert texts(one, 99.5 * DAY_S) == ["The certificate of the server main ends within a day."]
    assert {found.subject for found in one.look(390 * DAY_S)} == {"server main", "server side"}
    assert texts(one, 101 * DAY_S) == ["The certificate of the server main has ended."]
