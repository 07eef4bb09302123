"""Each thing that stops a farm, or costs it, is one sentence about its subject."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from fleet.health.farm import farm_symptoms
from fleet.health.kinds import KINDS
from tests.support.well_farm import SERVER, WELL


def at(**facts: Any) -> dict[str, Any]:
    return {"servers": (replace(SERVER, **facts),)}


OF_SERVER = "server https://neonet.example.com"
CASES: list[tuple[str, str, dict[str, Any], str]] = [
    ("no_worker", "farm", {"without_worker_s": 9.0}, "No worker takes jobs"),
    ("stuck", "queue", {"without_result_s": 41.0}, "Workers take jobs, but compute none."),
    ("ban", OF_SERVER, at(ban="the server takes no calls from here"), "The server takes no calls from here."),
    ("outage", OF_SERVER, at(away=True) | {"in_session": 0}, "The server does not answer"),
    ("server", OF_SERVER, at(verdict="it gives no jobs", away=True), "It gives no jobs."),
    ("unpaid", "farm", at(unpaid_s=130.0), "The server answers, but pays for no job."),
    ("redis", "queue", {"redis": "refused", "without_worker_s": 60.0}, "Redis does not answer: refused"),
    ("ledger", "farm", {"ledger": "locked by sqlite3", "ledger_waits_s": 2.0}, "locked by sqlite3"),
    ("unexplained", "farm", {"unexplained": Decimal("0.5")}, "Nothing explains 0.5 NNET"),
    ("no_room", OF_SERVER, at(left_out=2), "The server's limit of requests has no room for 2 of 3 miners."),
    ("budget_full", OF_SERVER, at(used=4990), "The server's limit of requests is used up"),
    ("no_session", OF_SERVER, {"in_session": 0, "unpaid_s": 30.0}, "No miner has a session"),
    ("unpaid", "farm", {"unpaid_s": 900.0}, "Nothing was paid for ten minutes"),
]


@pytest.mark.parametrize(("kind", "subject", "facts", "words"), CASES, ids=[f"{case[0]}: {case[3]}" for case in CASES])
def test_a_symptom_is_said_alone_in_a_sentence_about_its_subject(
    kind: str, subject: str, facts: dict[str, Any], words: str
) -> None:
    (one,) = farm_symptoms(replace(WELL, **facts))
    assert (one.kind, one.subject) == (kind, subject)
    assert words in one.text
    assert one.text.endswith(".")
    assert one.nnet_per_day == (120.0 if KINDS[kind].stops else None), "what stops the farm costs all that it earns"


def test_nothing_is_wrong_with_a_farm_that_is_well() -> None:
    assert not [*farm_symptoms(WELL)]
    almost = replace(WELL, without_worker_s=3.0, ledger="slow", ledger_waits_s=0.5, without_result_s=39.0)
    assert not [*farm_symptoms(replace(almost, **at(used=4800)))]


def test_a_kernel_that_may_take_long_is_waited_for() -> None:
    assert not [*farm_symptoms(replace(WELL, without_result_s=600.0, time_limit_s=900.0))]
