"""The running output has the time of each line where no terminal shows it, and is JSON for a collector."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from fleet.coordinator.output.lines import Lines

AT = datetime(2026, 11, 26, 2, 37, 3, 987_654, tzinfo=UTC)


def written(text: str, style: str = "", **how: Any) -> str:
    out = io.StringIO()
    Lines(out, now=lambda: AT, **how).say(text, style)
    return out.getvalue()


def test_a_terminal_gets_the_line_as_it_is() -> None:
    assert written("[OK]     rig-1  registered") == "[OK]     rig-1  registered\n"


def test_a_long_line_is_wrapped_between_words_below_its_first_word() -> None:
    assert written("[STATUS] run: 65 jobs paid · requests 140 of 5000", width=lambda: 30) == (
        "[STATUS] run: 65 jobs paid ·\n         requests 140 of 5000\n"
    )


def test_a_rule_and_a_long_address_are_never_broken() -> None:
    text = f"{'═' * 40}\n[OK]     https://neonet.example.com/a/long/path"
    assert written(text, width=lambda: 30) == f"{text}\n"


def test_a_pipe_gets_the_time_before_each_line() -> None:
    assert written("one\ntwo", stamped=True) == "2026-11-26T02:37:03Z one\n2026-11-26T02:37:03Z two\n"


def test_colour_is_around_the_words_and_not_around_the_time() -> None:
    assert written("red", "red", color=True, stamped=True) == "2026-11-26T02:37:03Z \x1b[31mred\x1b[0m\n"


@pytest.mark.parametrize(
    ("line", "stated"),
    [
        ("[REWARD] rig-1  +0.5 NNET", {"kind": "reward", "level": "INFO", "message": "rig-1  +0.5 NNET"}),
        ("[WARN]   task: 500: “no”", {"kind": "warn", "level": "WARNING", "message": "task: 500: “no”"}),
        ("[LOST]   inference expired", {"kind": "lost", "level": "WARNING", "message": "inference expired"}),
        ("Server:    http://127.0.0.1", {"level": "INFO", "message": "Server:    http://127.0.0.1"}),
        ("[rig] is no tag", {"level": "INFO", "message": "[rig] is no tag"}),
    ],
)
def test_a_collector_gets_an_object_a_line_in_the_logs_own_form(line: str, stated: dict[str, str]) -> None:
    read = json.loads(written(line, "yellow", as_json=True, color=True))
    assert read == stated | {"time": "2026-11-26T02:37:03.987+00:00", "logger": "fleet.output"}


def test_what_is_only_drawn_is_no_line_of_a_collectors() -> None:
    assert written("═" * 78, as_json=True) == written("─" * 78, as_json=True) == ""


def test_a_letter_that_the_output_has_not_is_replaced_and_the_next_line_is_written() -> None:
    raw = io.BytesIO()
    lines = Lines(io.TextIOWrapper(raw, encoding="ascii"))
    lines.say("1 € · rig-1")
    lines.say("two")
    assert raw.getvalue() == b"1 ? ? rig-1\ntwo\n"


def test_a_line_takes_the_place_of_the_bar_which_comes_back_below_it() -> None:
    out = io.StringIO()
    lines = Lines(out, now=lambda: AT, width=lambda: 40)
    assert lines.progress("draining", 1, 2)
    before = len(out.getvalue())
    lines.say("[OK]     rig-1  stopped")
    written_since = out.getvalue()[before:]
    assert written_since.startswith("\r\x1b[K[OK]     rig-1  stopped\n\rdraining  ")
    assert written_since.endswith("50%\x1b[K\r")
    lines.end_progress()
    lines.say("last")
    assert out.getvalue().endswith("\r\x1b[Klast\n")


@pytest.mark.parametrize("how", [{}, {"as_json": True, "width": lambda: 80}])
def test_a_pipe_and_a_collector_get_no_bar(how: dict[str, Any]) -> None:
    out = io.StringIO()
    lines = Lines(out, now=lambda: AT, **how)
    assert not lines.progress("draining", 1, 2)
    lines.end_progress()
    assert out.getvalue() == ""
