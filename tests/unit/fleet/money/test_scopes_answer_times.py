"""The time of a server's last answer about money: of whatever answer stated a total, in this life or before."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fleet.domain.answers import HeartbeatAnswer, Receipt, Registration, SessionSummary, Totals
from fleet.domain.calls import Answer, states_total
from fleet.errors import CallError, NoAnswer
from fleet.money.scopes import NO_STANDING, Standing, stamp, with_answer_times

HALF = Decimal("0.5")


@pytest.mark.parametrize(
    ("outcome", "states"),
    [
        (Totals(total_rewards=HALF), True),
        (Receipt(accepted=True, reward=HALF, total_rewards=HALF), True),
        (Receipt(accepted=True, reward=HALF), False),
        (HeartbeatAnswer(total_rewards=HALF), True),
        (HeartbeatAnswer(rewards_earned=HALF), False),
        (Registration(new=False, totals=Totals(total_rewards=HALF)), True),
        (Registration(new=True), False),
        (SessionSummary(tasks_completed=1, rewards_earned=HALF), False),
        (NoAnswer("cut"), False),
    ],
)
def test_an_answer_states_a_total_or_does_not(outcome: Answer | CallError, states: bool) -> None:
    assert states_total(outcome) is states


def test_what_this_life_heard_comes_after_what_the_ledger_has() -> None:
    known = {"rig-1": Standing(base_ms=1, stated_ms=1_000), "rig-2": Standing(base_ms=2, stated_ms=2_000)}
    stated = with_answer_times(known, {"rig-1": 98.5, "rig-2": None, "rig-3": 99.0}, now=100.0, now_ms=500_000)
    assert stated == {
        "rig-1": Standing(base_ms=1, stated_ms=498_500),
        "rig-2": Standing(base_ms=2, stated_ms=2_000),
        "rig-3": Standing(base_ms=None, stated_ms=499_000),
    }
    assert NO_STANDING.stated_ms is None


def test_a_moment_is_shown_to_the_second_and_none_is_none() -> None:
    assert stamp(1_800_000_000_999) == "2027-01-15T08:00:00Z"
    assert stamp(None) is None
