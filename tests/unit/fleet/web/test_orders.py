"""An order's fields become a request, or one sentence says what to write instead."""

from __future__ import annotations

import json

import pytest

from fleet.control.control import ControlChange, Target, TargetKind
from fleet.control.request import STOP_AFTER_S
from fleet.domain.calendar import Calendar
from fleet.errors import ControlRefused
from fleet.web.orders import BadOrderError, fields_of, requested

NOW_MS = 1_800_000_000_000
MINER = {"kind": "miner", "name": "garage-1"}


def test_a_pause_has_its_end_its_reason_and_who_ordered_it() -> None:
    fields = {**MINER, "for": "2h", "reason": " new fan ", "replace": True}
    found = requested(ControlChange.PAUSE, fields, "token phone", Calendar(), NOW_MS)
    assert found.target == Target(kind=TargetKind.MINER, name="garage-1")
    assert (found.until_ms, found.reason, found.who) == (NOW_MS + 7_200_000, "new fan", "token phone")
    assert (found.stop_after_s, found.replaces) == (STOP_AFTER_S, True)


@pytest.mark.parametrize(
    ("more", "stop_after_s"),
    [
        ({}, STOP_AFTER_S),
        ({"stop_after": "30s"}, 30.0),
        ({"keep_session": True}, None),
        ({"kind": "server", "name": "main"}, 0.0),
        ({"kind": "server", "name": "main", "stop_after": "30s"}, 30.0),
    ],
)
def test_sessions_are_kept_as_told(more: dict[str, object], stop_after_s: float | None) -> None:
    assert requested(ControlChange.PAUSE, MINER | more, "a", Calendar(), NOW_MS).stop_after_s == stop_after_s


def test_a_time_of_day_is_the_next_one_in_the_farms_zone() -> None:
    calendar = Calendar("Asia/Kolkata")
    found = requested(ControlChange.PAUSE, {"kind": "farm", "until": "06:00"}, "a", calendar, NOW_MS)
    assert found.until_ms is not None
    assert NOW_MS < found.until_ms <= NOW_MS + 86_400_000
    assert f"{calendar.local(found.until_ms):%H:%M}" == "06:00"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "one JSON object"),
        (b'"pause"', "one JSON object"),
        (b'{"kind": "farm", "token": "x"}', "unknown field 'token'; there are for, keep_session"),
    ],
)
def test_a_body_that_is_no_order_is_told_what_one_is(body: bytes, words: str) -> None:
    with pytest.raises(BadOrderError, match=words):
        fields_of(body)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, 'add the field "kind", one of farm, server'),
        ({"kind": "rig"}, "kind is 'rig'"),
        ({"kind": ["miner"]}, "kind is"),
        ({"kind": "miner"}, 'no miner is named: add the field "name"'),
        ({"kind": "farm", "name": "x"}, "the farm has no name"),
        ({**MINER, "name": 7}, "name is 7; write a string"),
        ({**MINER, "for": "soon"}, "for is 'soon'; write a duration"),
        ({**MINER, "for": 5}, "for is 5; write a string"),
        ({**MINER, "keep_session": "yes"}, "write true or false"),
        ({**MINER, "stop_after": "-1"}, "stop_after is '-1'"),
        ({**MINER, "stop_after": "30s", "keep_session": True}, "give one"),
    ],
)
def test_a_wrong_field_is_named_with_what_to_write(fields: dict[str, object], words: str) -> None:
    with pytest.raises(BadOrderError) as refused:
        requested(ControlChange.PAUSE, json.loads(json.dumps(fields)), "a", Calendar(), NOW_MS)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("change", "more"),
    [
        (ControlChange.RESUME, {"for": "2h"}),
        (ControlChange.RESUME, {"replace": True}),
        (ControlChange.RETRY, {"until": "06:00"}),
        (ControlChange.DRAIN, {"keep_session": True}),
        (ControlChange.DRAIN, {"stop_after": "10m"}),
    ],
)
def test_a_field_that_would_do_nothing_is_refused_unless_it_says_nothing(
    change: ControlChange, more: dict[str, object]
) -> None:
    ((field, _),) = more.items()
    with pytest.raises(BadOrderError, match=f"a {change.value} takes no '{field}'"):
        requested(change, MINER | more, "a", Calendar(), NOW_MS)
    nothing = {"for": "", "until": None, "keep_session": False, "stop_after": "", "replace": False}
    assert requested(change, MINER | nothing, "a", Calendar(), NOW_MS).change is change


@pytest.mark.parametrize(
    "more", [{"for": "1h", "until": "06:00"}, {"until": "noon"}, {"reason": "x" * 201}, {"reason": "a\nb"}]
)
def test_what_no_command_would_take_is_refused_as_by_the_command(more: dict[str, object]) -> None:
    with pytest.raises(ControlRefused):
        requested(ControlChange.PAUSE, MINER | more, "a", Calendar(), NOW_MS)
