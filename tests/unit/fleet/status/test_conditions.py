"""Each thing that keeps a farm from earning is one sentence, with the moment since when it lasts."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from fleet.domain.amounts import ZERO
from fleet.status.conditions import Conditions, Facts
from fleet.status.snapshot import Severity

WELL = Facts(
    without_worker_s=None,
    ban="",
    server_away=False,
    redis="",
    ledger="",
    ledger_waits_s=0.0,
    unexplained=ZERO,
    miners=3,
    left_out=0,
    in_session=3,
    unpaid_s=0.0,
    verdict="",
)
CASES: list[tuple[str, dict[str, Any], str]] = [
    ("no_worker", {"without_worker_s": 9.0}, "No worker takes jobs"),
    ("ban", {"ban": "the server takes no calls from this address"}, "The server takes no calls from this address."),
    ("outage", {"server_away": True}, "The server does not answer"),
    ("server", {"verdict": "it gives no jobs", "server_away": True}, "It gives no jobs."),
    ("redis", {"redis": "refused", "without_worker_s": 60.0}, "Redis does not answer: refused"),
    ("ledger", {"ledger": "locked by sqlite3", "ledger_waits_s": 2.0}, "locked by sqlite3"),
    ("unexplained", {"unexplained": Decimal("0.5")}, "Nothing explains 0.5 NNET"),
    ("no_room", {"left_out": 2}, "no room for 2 of 3 miners"),
    ("no_session", {"in_session": 0, "unpaid_s": 30.0}, "No miner has a session"),
    ("unpaid", {"unpaid_s": 900.0}, "Nothing was paid for 15 minutes"),
]


@pytest.mark.parametrize(("kind", "facts", "words"), CASES, ids=[case[0] for case in CASES])
def test_a_condition_is_said_alone_in_a_sentence(kind: str, facts: dict[str, Any], words: str) -> None:
    (wrong,) = Conditions().of(replace(WELL, **facts), 5_000)
    assert wrong.kind == kind
    assert words in wrong.text
    assert wrong.text.endswith(".")
    assert wrong.help.endswith(".")
    assert wrong.subject == "farm"
    assert wrong.severity is (Severity.WARN if kind in {"no_room", "unexplained"} else Severity.FAIL)


def test_nothing_is_wrong_with_a_farm_that_is_well() -> None:
    assert Conditions().of(WELL, 0) == ()
    assert Conditions().of(replace(WELL, without_worker_s=3.0, ledger="slow", ledger_waits_s=0.5), 0) == ()


def test_a_condition_keeps_its_beginning_until_it_ends() -> None:
    conditions, ill = Conditions(), replace(WELL, server_away=True)
    assert conditions.of(ill, 1_000)[0].since_ms == 1_000
    assert conditions.of(ill, 9_000)[0].since_ms == 1_000
    conditions.of(WELL, 10_000)
    assert conditions.of(ill, 11_000)[0].since_ms == 11_000
