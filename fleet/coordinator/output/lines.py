"""Writes the running output line by line: for a terminal, with timestamps for a pipe, or as JSON for a collector."""

from __future__ import annotations

import contextlib
import json
import re
import textwrap
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TextIO

import click

from config.hiding import hidden
from fleet.status.progress_bar import ProgressBar

#: characters of decorative rules, which carry no information
_RULES = frozenset("═─")
_TAG = re.compile(r"\[([A-Z]+)\]\s+")
#: tags of lines that need attention
_WARNINGS = frozenset({"WARN", "LOST"})


def _now() -> datetime:
    return datetime.now(UTC)


class Lines:
    """Writes lines to `out`. Once the reader has gone, lines are dropped without an error."""

    def __init__(
        self,
        out: TextIO,
        *,
        color: bool = False,
        stamped: bool = False,
        as_json: bool = False,
        width: Callable[[], int] = lambda: 0,
        now: Callable[[], datetime] = _now,
    ) -> None:
        """`width` is that of the terminal in characters; 0 where lines must not be wrapped."""
        self._out = out
        self._silent = False
        self._color = color
        self._stamped = stamped
        self._as_json = as_json
        self._width = width
        self._now = now
        self._bar = ProgressBar(out, width=lambda: 0 if as_json else width())

    def say(self, text: str, style: str = "") -> None:
        """Write one line, or several that belong together."""
        if self._silent:
            return
        try:
            self._bar.erase()
            width = 0 if self._as_json else self._width()
            for line in (part for one in hidden(text).splitlines() for part in _wrapped(one, width)):
                self._write(self._spelt(line, style))
            self._bar.draw()
            self._out.flush()
        except (OSError, ValueError):
            # the output can't be written any more, but mining goes on
            self._silent = True

    def progress(self, words: str, done: int, total: int, note: str = "") -> bool:
        """Show below the lines how far something is. Returns whether a terminal shows it."""
        try:
            return not self._silent and self._bar.show(words, done, total, note)
        except (OSError, ValueError):
            self._silent = True
            return False

    def end_progress(self) -> None:
        """Remove what `progress` shows."""
        if not self._silent:
            with contextlib.suppress(OSError, ValueError):
                self._bar.end()

    def _spelt(self, line: str, style: str) -> str:
        if self._as_json:
            return "" if _RULES.issuperset(line) else _json(line, self._now())
        styled = _styled(line, style) if self._color and style else line
        return f"{self._now():%Y-%m-%dT%H:%M:%SZ} {styled}\n" if self._stamped else f"{styled}\n"

    def _write(self, line: str) -> None:
        try:
            self._out.write(line)
        except UnicodeEncodeError:
            # an encoding error concerns this line only, although it is a ValueError, just like the error for a closed
            # file
            encoding = self._out.encoding
            self._out.write(line.encode(encoding, errors="replace").decode(encoding))


def _wrapped(line: str, width: int) -> list[str]:
    """The line in parts that fit the width, broken between words and indented below the first word after the tag."""
    tag = _TAG.match(line)
    if tag is None or not 2 * tag.end() < width < len(line):
        return [line]
    return textwrap.wrap(
        line[tag.end() :],
        width,
        initial_indent=tag[0],
        subsequent_indent=" " * tag.end(),
        break_long_words=False,
        break_on_hyphens=False,
    )


def _styled(line: str, style: str) -> str:
    return click.style(line, bold=True) if style == "bold" else click.style(line, fg=style)


def _json(line: str, at: datetime) -> str:
    """The line as a JSON log record: time, level, logger and message, with the tag as its kind."""
    tag = _TAG.match(line)
    kind = tag[1] if tag else ""
    record = {
        "time": at.isoformat(timespec="milliseconds"),
        "level": "WARNING" if kind in _WARNINGS else "INFO",
        "logger": "fleet.output",
        "message": line[tag.end() :] if tag else line.strip(),
    }
    return json.dumps(record | ({"kind": kind.lower()} if kind else {}), ensure_ascii=False) + "\n"
