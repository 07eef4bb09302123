"""What is kept of an event that anybody with a worker's password can write."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from tasks.flower.plain_events import plain_event

SOUND: dict[str, Any] = {
    "type": "task-succeeded",
    "hostname": "worker@garage",
    "uuid": "a-job~2",
    "name": "neonet.inference",
    "args": "job a-job miner=rig-a1",
    "result": "{'output_hash': 'x'}",
    "runtime": 0.25,
    "timestamp": 1_790_000_000.5,
    "utcoffset": -5,
    "clock": 7,
    "pid": 12,
    "loadavg": [0.1, 2, 3.5],
}


#: every text that an event of a job may have
_ALL_TEXTS = (
    *("args", "kwargs", "result", "exception", "traceback", "eta", "expires", "root_id", "parent_id"),
    *("queue", "exchange", "routing_key"),
)


def test_a_sound_event_is_kept_as_it_is() -> None:
    assert plain_event(SOUND) == SOUND


@pytest.mark.parametrize("value", [["<b>"], {"<b>": 1}, 5, True, "<b>"])
def test_a_text_is_text_whatever_was_sent(value: object) -> None:
    kept = plain_event(SOUND | {"args": value})
    assert kept is not None
    assert kept["args"] == str(value)


@pytest.mark.parametrize("value", ["<b>", ["<b>"], True, None, float("nan"), float("inf"), -1, 10**400, {}])
def test_what_is_no_number_within_its_bounds_is_left_out(value: object) -> None:
    kept = plain_event(SOUND | {"runtime": value, "loadavg": [value, 1.0]})
    assert kept is not None
    assert "runtime" not in kept
    assert kept["loadavg"] == [1.0]


@pytest.mark.parametrize(
    "change",
    [
        {"type": "task-<b>"},
        {"type": ["task-succeeded"]},
        {"type": None},
        {"hostname": ["worker@garage"]},
        {"hostname": ""},
        {"hostname": "x" * 257},
        {"hostname": "worker@\x1b[2J"},
        {"hostname": "worker@\ud800"},
        {"uuid": ["a"]},
        {"uuid": None},
        {"timestamp": "yesterday"},
        {"timestamp": 1e300},
    ],
)
def test_an_event_without_usable_keys_is_dropped(change: dict[str, Any]) -> None:
    assert plain_event(SOUND | change) is None


@pytest.mark.parametrize("event", [None, 7, "<b>", [], [SOUND], {}])
def test_what_is_no_object_is_no_event(event: object) -> None:
    assert plain_event(event) is None


@pytest.mark.parametrize("name", ["neonet.<b>", "celery.ping", "x", "neonet.inference2"])
def test_a_task_that_is_none_of_the_farms_has_one_name_with_all_others(name: str) -> None:
    kept = plain_event(SOUND | {"name": name})
    assert kept is not None
    assert kept["name"] == "other"


def test_fields_that_would_change_flowers_own_state_are_left_out() -> None:
    kept = plain_event(SOUND | {"worker": "x", "state": "x", "children": ["x"], "_fields": [], "cluster_state": 1})
    assert kept == SOUND


def test_a_text_is_cut_and_keeps_its_lines_and_no_other_control_character() -> None:
    kept = plain_event(SOUND | {"traceback": "a\nb\x1b\ud800" + "x" * 1_000, "args": _deep(100_000)})
    assert kept is not None
    assert kept["traceback"].startswith("a\nb??x")
    assert kept["args"] == "nested too deeply to be shown"


def test_of_a_long_traceback_the_end_is_kept() -> None:
    kept = plain_event(SOUND | {"traceback": "Traceback\n" + "  File\n" * 10_000 + "ValueError: x"})
    assert kept is not None
    assert len(kept["traceback"]) == 2_000
    assert kept["traceback"].endswith("\nValueError: x")


def test_ten_thousand_jobs_of_the_largest_events_fit_into_flowers_memory() -> None:
    """360 such events took 320 MB, and Flower's container has 384."""
    kept = plain_event(SOUND | dict.fromkeys(_ALL_TEXTS, "\U0001f600" * 30_000))
    assert kept is not None
    size = sum(sys.getsizeof(kept[name]) for name in _ALL_TEXTS)
    assert size * 10_000 < 200_000_000


def _deep(levels: int) -> list[Any]:
    nested: list[Any] = []
    for _ in range(levels):
        nested = [nested]
    return nested
