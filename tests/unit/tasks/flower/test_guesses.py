"""How fast Flower's password can be guessed."""

from __future__ import annotations

from tasks.flower.guesses import BURST, MOST_ADDRESSES, REFILL_S, Guesses


def test_a_guesser_gets_a_burst_and_then_one_guess_each_refill() -> None:
    guesses, now, tried = Guesses(), 100.0, 0
    while now < 100.0 + 3_600:
        if guesses.wait_s("10.0.0.9", now) == 0:
            guesses.wrong("10.0.0.9", now)
            tried += 1
        now += 0.1
    assert BURST < tried <= BURST + 3_600 / REFILL_S + 1


def test_the_wait_ends_when_it_says() -> None:
    guesses = Guesses()
    for _ in range(BURST):
        assert guesses.wait_s("a", 5.0) == 0
        guesses.wrong("a", 5.0)
    wait_s = guesses.wait_s("a", 5.0)
    assert 0 < wait_s <= REFILL_S
    assert guesses.wait_s("a", 5.0 + wait_s) == 0


def test_another_address_is_not_made_to_wait() -> None:
    guesses = Guesses()
    for _ in range(100):
        guesses.wrong("a", 5.0)
    assert guesses.wait_s("b", 5.0) == 0


def test_who_mistypes_and_comes_back_later_has_the_whole_burst_again() -> None:
    guesses = Guesses()
    for _ in range(BURST):
        guesses.wrong("a", 5.0)
    later = 5.0 + BURST * REFILL_S
    for _ in range(BURST):
        assert guesses.wait_s("a", later) == 0
        guesses.wrong("a", later)


def test_addresses_without_end_take_bounded_memory() -> None:
    guesses = Guesses()
    for number in range(10 * MOST_ADDRESSES):
        guesses.wrong(f"host-{number}", 5.0)
    assert len(guesses.full_at) == MOST_ADDRESSES
