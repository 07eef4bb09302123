"""Colour is for terminals, unless NO_COLOR is set or somebody chose."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from typing import Literal, TextIO

import pytest

from config.color import wants_color


@pytest.fixture
def terminal() -> Iterator[TextIO]:
    """A real terminal, of which nobody reads the other side."""
    other_side, side = os.openpty()
    with os.fdopen(side, "w") as stream:
        yield stream
    os.close(other_side)


@pytest.mark.parametrize(("no_color", "expected"), [(None, True), ("", True), ("1", False), ("0", False)])
def test_a_terminal_gets_colour_unless_no_color_is_set(
    terminal: TextIO, no_color: str | None, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    if no_color is not None:
        monkeypatch.setenv("NO_COLOR", no_color)
    assert wants_color("auto", terminal) is expected


def test_what_is_no_terminal_gets_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert not wants_color("auto", io.StringIO())


@pytest.mark.parametrize(("choice", "expected"), [("always", True), ("never", False)])
def test_a_choice_stands_above_terminal_and_variable(
    choice: Literal["always", "never"], expected: bool, terminal: TextIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert wants_color(choice, terminal) is expected
    monkeypatch.delenv("NO_COLOR")
    assert wants_color(choice, io.StringIO()) is expected
