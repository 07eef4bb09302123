"""What requests do to the controls in force, and which are refused, with what there is."""

from __future__ import annotations

import pytest

from fleet.control.control import FARM, Action, Control, ControlChange, Source, Target, TargetKind
from fleet.control.in_force import Controls
from fleet.control.request import ControlRequest, decide, retried
from fleet.errors import ControlRefused

NOW = 1_800_000_000_000
RIG = Target(kind=TargetKind.MINER, name="garage-1")
PAUSED = Control(target=RIG, action=Action.PAUSE, since_ms=NOW - 1, who="alex", reason="new fan")


def request(change: ControlChange, target: Target = RIG, **more: object) -> ControlRequest:
    return ControlRequest(change=change, target=target, who="sam", **more)  # type: ignore[arg-type]


def test_a_pause_begins_and_is_logged_with_who_and_why() -> None:
    got = decide(request(ControlChange.PAUSE, until_ms=NOW + 5, reason="heat"), Controls(), NOW)
    assert got.begins == Control(
        target=RIG, action=Action.PAUSE, since_ms=NOW, until_ms=NOW + 5, stop_after_s=600.0, who="sam", reason="heat"
    )
    assert (got.entry.at_ms, got.entry.change, got.entry.who, got.entry.reason) == (
        NOW,
        ControlChange.PAUSE,
        "sam",
        "heat",
    )
    assert got.entry.until_ms == NOW + 5


def test_a_second_control_is_refused_with_the_first_unless_it_replaces_it() -> None:
    with pytest.raises(ControlRefused, match="miner garage-1 is already paused by alex: new fan; resume it first"):
        decide(request(ControlChange.DRAIN), Controls([PAUSED]), NOW)
    got = decide(request(ControlChange.DRAIN, replaces=True), Controls([PAUSED]), NOW)
    assert got.ends == PAUSED
    assert got.begins is not None
    assert (got.begins.action, got.begins.stop_after_s) == (Action.DRAIN, 0.0)


def test_a_schedule_pauses_beside_the_operator_and_ends_only_its_own() -> None:
    got = decide(request(ControlChange.PAUSE, source=Source.SCHEDULE), Controls([PAUSED]), NOW)
    assert (got.ends, got.begins and got.begins.source) == (None, Source.SCHEDULE)
    with pytest.raises(ControlRefused, match="is not paused"):
        decide(request(ControlChange.RESUME, source=Source.SCHEDULE), Controls([PAUSED]), NOW)


def test_an_operator_who_resumes_what_only_the_schedule_pauses_learns_why_and_what_to_do() -> None:
    scheduled = Control(
        target=FARM,
        action=Action.PAUSE,
        since_ms=NOW,
        who="the schedule",
        reason="outside its hours",
        source=Source.SCHEDULE,
    )
    words = r"the farm is paused by the schedule alone: outside its hours; the schedule resumes it by itself"
    with pytest.raises(ControlRefused, match=words):
        decide(request(ControlChange.RESUME, FARM), Controls([scheduled]), NOW)


def test_the_farms_drain_has_no_end() -> None:
    with pytest.raises(ControlRefused, match="the farm's drain ends its coordinator, so it has no end; pause the farm"):
        decide(request(ControlChange.DRAIN, FARM, until_ms=NOW + 5), Controls(), NOW)


@pytest.mark.parametrize("until_ms", [NOW, NOW - 1, 0])
def test_an_end_in_the_past_is_refused(until_ms: int) -> None:
    with pytest.raises(ControlRefused, match="past"):
        decide(request(ControlChange.PAUSE, until_ms=until_ms), Controls(), NOW)


@pytest.mark.parametrize("years", [10.1, 1_000, 8_000, 1e9])
def test_a_control_of_more_years_than_a_calendar_or_a_database_can_hold_is_refused(years: float) -> None:
    with pytest.raises(ControlRefused, match="over ten years"):
        decide(request(ControlChange.PAUSE, until_ms=NOW + round(years * 31_536_000_000)), Controls(), NOW)
    for stop_after_s in (years * 31_536_000, float("inf")):
        with pytest.raises(ControlRefused, match="over ten years"):
            decide(request(ControlChange.PAUSE, stop_after_s=stop_after_s), Controls(), NOW)


def test_what_is_not_paused_can_not_be_resumed_and_the_paused_are_named() -> None:
    with pytest.raises(ControlRefused, match="the farm is not paused; paused are: miner garage-1"):
        decide(request(ControlChange.RESUME, FARM), Controls([PAUSED]), NOW)
    with pytest.raises(ControlRefused, match="nothing is"):
        decide(request(ControlChange.RESUME, FARM), Controls(), NOW)


def test_a_resume_ends_the_control() -> None:
    got = decide(request(ControlChange.RESUME), Controls([PAUSED]), NOW)
    assert (got.ends, got.begins, got.entry.change) == (PAUSED, None, ControlChange.RESUME)


def test_the_farms_drain_and_a_retry_are_only_logged() -> None:
    for asked in (request(ControlChange.DRAIN, FARM), request(ControlChange.RETRY)):
        got = decide(asked, Controls([PAUSED]), NOW)
        assert (got.begins, got.ends, got.entry.change) == (None, None, asked.change)
        assert retried([got.entry]) == ((RIG,) if asked.change is ControlChange.RETRY else ())


@pytest.mark.parametrize("change", [ControlChange.DRAIN, ControlChange.RETRY])
def test_a_job_type_has_nothing_to_finish_or_to_wait_for(change: ControlChange) -> None:
    with pytest.raises(ControlRefused, match="job type"):
        decide(request(change, Target(kind=TargetKind.JOB_TYPE, name="inference")), Controls(), NOW)


@pytest.mark.parametrize(
    "words",
    [
        {"reason": "x" * 201},
        {"reason": "two\nlines"},
        {"reason": "\x1b[2J"},
        {"who": ""},
        {"who": " "},
        {"who": "x" * 61},
    ],
)
def test_texts_that_no_screen_could_show_are_refused(words: dict[str, str]) -> None:
    with pytest.raises(ControlRefused):
        ControlRequest(**{"change": ControlChange.PAUSE, "target": RIG, "who": "sam", **words})  # type: ignore[arg-type]


def test_a_host_has_no_session_to_keep_and_no_wait_to_end() -> None:
    host = Target(kind=TargetKind.HOST, name="attic")
    for change, action in ((ControlChange.PAUSE, Action.PAUSE), (ControlChange.DRAIN, Action.DRAIN)):
        begun = decide(request(change, host), Controls(), NOW).begins
        assert begun is not None
        assert (begun.action, begun.stop_after_s) == (action, None)
    with pytest.raises(ControlRefused, match="host attic waits for nothing that a retry could end"):
        decide(request(ControlChange.RETRY, host), Controls(), NOW)
