"""Requests that the simulated network refuses, and its words for them."""

from __future__ import annotations

from typing import Any

import pytest

from fleet.simulator.endpoints import parse_request
from tests.support.world_site import START, Site


@pytest.mark.parametrize(
    ("endpoint", "body", "error"),
    [
        ("register", None, ("missing", ["body"])),
        ("register", b"[1]", ("model_attributes_type", ["body"])),
        ("register", b"\xff", ("json_invalid", ["body", 0])),
        ("register", {"contributor_id": 5}, ("string_type", ["body", "contributor_id"])),
        ("heartbeat", {"contributor_id": "m"}, ("missing", ["body", "session_id"])),
        (
            "heartbeat",
            {"contributor_id": "m", "session_id": "s", "cpu_usage": "hot"},
            ("float_parsing", ["body", "cpu_usage"]),
        ),
        ("register", {"contributor_id": "m", "cpu_cores": 1.5}, ("int_from_float", ["body", "cpu_cores"])),
    ],
)
def test_a_malformed_body_is_refused_in_the_frameworks_words(
    endpoint: str, body: Any, error: tuple[str, list[str]]
) -> None:
    status, answer = Site().ask("POST", f"/ai-energy/{endpoint}", body)
    assert status == 422
    assert (answer["detail"][0]["type"], answer["detail"][0]["loc"]) == error


def test_a_known_path_with_another_method_says_which_one_fits() -> None:
    call = parse_request("DELETE", "/ai-energy/register", b"")
    answer = Site().simulator.perform(call, None, now=START, monotonic_s=0)
    assert (answer.status, answer.headers) == (405, (("Allow", "POST"),))
