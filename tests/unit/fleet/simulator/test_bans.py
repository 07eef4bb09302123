"""Bans of addresses: blocked, then distrusted."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fleet.simulator.answers import Answer
from fleet.simulator.bans import PENALTY_S, Bans, BanTerms, parse_ban
from fleet.simulator.errors import OptionError
from fleet.simulator.faults import parse_fault

TERMS = BanTerms(blocked_s=300.0, distrusted_s=60.0)


def words(answer: Answer | None) -> dict[str, Any]:
    """The body of a 403."""
    assert answer is not None
    assert answer.status == 403
    body: dict[str, Any] = json.loads(answer.body)
    return body


def test_a_banned_address_is_refused_with_the_rest_of_its_time_and_others_are_not() -> None:
    bans = Bans()
    assert bans.refusal("a", 0.0) is None
    assert words(bans.ban("a", TERMS, 0.0))["unblock_in"] == 300
    for at_s, rest_s in ((0.0, 300), (100.5, 200), (299.9, 1)):
        answer = words(bans.refusal("a", at_s))
        assert (answer["error"], answer["unblock_in"]) == ("blocked", rest_s)
        assert answer["reason"]
    assert bans.refusal("b", 10.0) is None


def test_calls_during_a_ban_dont_prolong_it() -> None:
    bans = Bans()
    bans.ban("a", BanTerms(blocked_s=300.0), 0.0)
    for at_s in range(300):
        assert words(bans.refusal("a", float(at_s)))["error"] == "blocked"
    assert bans.refusal("a", 300.0) is None


def test_after_a_ban_trust_comes_back_to_a_rare_caller() -> None:
    bans = Bans()
    bans.ban("a", TERMS, 0.0)
    assert words(bans.refusal("a", 300.0))["error"] == "trust_too_low"
    assert words(bans.refusal("a", 330.0))["error"] == "trust_too_low"
    assert words(bans.refusal("a", 360.0 + PENALTY_S - 1))["error"] == "trust_too_low"
    assert bans.refusal("a", 360.0 + 3 * PENALTY_S) is None
    assert bans.refusal("a", 361.0 + 3 * PENALTY_S) is None


def test_each_refused_call_lowers_trust_so_that_a_frequent_caller_is_never_trusted() -> None:
    bans = Bans()
    bans.ban("a", TERMS, 0.0)
    for at_s in range(300, 4000, int(PENALTY_S / 2)):
        assert words(bans.refusal("a", float(at_s)))["error"] == "trust_too_low"
    assert bans.refusal("a", 4000.0 + TERMS.distrusted_s) is None


def test_bans_can_be_lifted() -> None:
    bans = Bans()
    bans.ban("a", TERMS, 0.0)
    bans.lift()
    assert bans.refusal("a", 1.0) is None


@pytest.mark.parametrize(("text", "terms"), [("300", (300.0, 0.0)), ("2.5+60", (2.5, 60.0))])
def test_a_ban_is_written_as_seconds(text: str, terms: tuple[float, float]) -> None:
    parsed = parse_ban(text)
    assert (parsed.blocked_s, parsed.distrusted_s) == terms


@pytest.mark.parametrize("text", ["", "x", "0", "-1", "nan", "inf", "1+-1", "1+x", "1+2+3"])
def test_a_mistyped_ban_is_refused(text: str) -> None:
    with pytest.raises(OptionError):
        parse_ban(text)
    if text:
        with pytest.raises(OptionError):
            parse_fault(f"blocked,value={text}")


def test_the_fault_bans_for_five_minutes_where_it_names_no_time() -> None:
    assert parse_ban(parse_fault("blocked,count=1").text) == BanTerms(blocked_s=300.0)
