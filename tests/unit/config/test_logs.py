"""The log set-up: text or JSON to one stream, repeats rolled up."""

from __future__ import annotations

import io
import json
import logging
import re
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.logs import set_up
from config.repeats import Line, Repeats
from config.sections import LogSettings

HOUR_S = 3_600.0


@pytest.fixture(autouse=True)
def root_logger_restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers[:] = []
    yield
    for handler in root.handlers:
        handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)


def logged(log: LogSettings, window_s: float = HOUR_S) -> tuple[io.StringIO, logging.Logger]:
    stream = io.StringIO()
    set_up(log, stream=stream, repeat_window_s=window_s)
    return stream, logging.getLogger("fleet.test")


def line(text: str) -> Line:
    return Line(logger="fleet", level=logging.INFO, text=text)


def test_a_text_line_has_time_level_logger_and_message() -> None:
    stream, logger = logged(LogSettings())
    logger.warning("no answer from %s", "the server")
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}Z WARNING fleet\.test: no answer from the server\n", stream.getvalue()
    )


def test_a_json_line_holds_what_was_given_and_the_exception() -> None:
    stream, logger = logged(LogSettings(format="json"))
    try:
        raise OSError("gone")
    except OSError:
        logger.exception("call failed", extra={"miner": "rig-a1", "path": object})
    said = json.loads(stream.getvalue())
    assert said["level"] == "ERROR"
    assert said["logger"] == "fleet.test"
    assert said["message"] == "call failed"
    assert said["miner"] == "rig-a1"
    assert said["exception"].endswith("OSError: gone")
    assert said["time"].endswith("+00:00")


def test_lines_below_the_level_are_not_written() -> None:
    stream, logger = logged(LogSettings(level="WARNING"))
    logger.info("quiet")
    assert stream.getvalue() == ""


def test_set_up_twice_writes_a_line_once() -> None:
    first, logger = logged(LogSettings())
    second, _ = logged(LogSettings())
    logger.info("once")
    assert first.getvalue() == ""
    assert second.getvalue().count("once") == 1


def test_a_repeated_line_is_written_once_and_counted_at_the_end() -> None:
    stream, logger = logged(LogSettings(format="json"))
    for _ in range(1_000):
        logger.warning("refused")
    logger.warning("something else")
    assert [json.loads(text)["message"] for text in stream.getvalue().splitlines()] == ["refused", "something else"]
    logging.getLogger().handlers[0].close()
    last = json.loads(stream.getvalue().splitlines()[-1])
    assert last["message"].startswith("refused (repeated 999 times in ")
    assert last["repeated"] == 999


def test_after_the_window_the_count_is_due_and_the_line_is_said_again() -> None:
    repeats = Repeats(30.0)
    assert repeats.lets_through(line("refused"), 0.0)
    assert not repeats.lets_through(line("refused"), 1.0)
    assert not repeats.lets_through(line("refused"), 29.9)
    assert not list(repeats.due(29.9))
    assert [(stated.line.text, stated.count, stated.span_s) for stated in repeats.due(30.0)] == [("refused", 2, 30.0)]
    assert repeats.lets_through(line("refused"), 30.0)


def test_a_due_count_is_written_before_the_next_line_of_any_kind() -> None:
    stream, logger = logged(LogSettings(format="json"), window_s=0.2)
    logger.warning("refused")
    logger.warning("refused")
    time.sleep(0.25)
    logger.info("something else")
    said = [json.loads(text)["message"] for text in stream.getvalue().splitlines()]
    assert said == ["refused", "refused (repeated 1 times in 0 s)", "something else"]


def test_lines_that_differ_in_level_or_text_or_exception_are_no_repeats() -> None:
    stream, logger = logged(LogSettings())
    logger.warning("refused %s", 1)
    logger.warning("refused %s", 2)
    logger.error("refused %s", 1)
    for error in (OSError, ValueError):
        logger.error("refused %s", 1, exc_info=error("x"))
    assert stream.getvalue().count("refused") == 5


def test_a_line_with_wrong_arguments_stops_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    stream, logger = logged(LogSettings())
    logger.warning("one %s two %s", 1)  # noqa: PLE1206 - the mistake that is survived
    logger.warning("next")
    assert "next" in stream.getvalue()
    assert "not enough arguments" in capsys.readouterr().err


def test_memory_of_lines_is_bounded() -> None:
    repeats = Repeats(HOUR_S)
    for number in range(5_000):
        assert not list(repeats.due(0.0))
        assert repeats.lets_through(line(str(number)), 0.0)
    assert len(repeats._lines) <= 1_024


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 20)), max_size=60))
def test_every_line_is_written_or_counted_exactly_once(events: list[tuple[str, float]]) -> None:
    repeats = Repeats(30.0)
    now_s, stated = 0.0, 0
    for text, gap_s in events:
        now_s += gap_s
        stated += sum(swallowed.count for swallowed in repeats.due(now_s))
        stated += repeats.lets_through(line(text), now_s)
    stated += sum(swallowed.count for swallowed in repeats.rest(now_s))
    assert stated == len(events)
