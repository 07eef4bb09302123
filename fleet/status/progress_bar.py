"""A progress bar: one line below a terminal's output for what takes a person's time; nothing elsewhere."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TextIO

from fleet.status.plots import bar

#: seconds between two drawings
_EVERY_S = 0.1
#: up to this many steps, each is drawn
_FEW = 100
#: most columns of the bar itself, and least ones for it to be drawn
_WIDEST, _NARROWEST = 30, 8
#: columns of a terminal that states none
_UNSTATED = 80
#: erases the line from the cursor on
_ERASE = "\x1b[K"


def columns_of(out: TextIO) -> int:
    """The width of the terminal that `out` writes to, in characters; 0 if it is none or states no width."""
    try:
        return os.get_terminal_size(out.fileno()).columns if out.isatty() else 0
    except (OSError, ValueError):
        return 0


def progress_line(words: str, done: int, total: int, note: str, width: int) -> str:
    """The words, a bar and the note in one line of at most `width` characters. What doesn't fit is left out."""
    share = min(max(done / total, 0.0), 1.0) if total > 0 else 0.0
    head, tail = f"{words}  ", f"  {share:4.0%}" + (f"  {note}" if note else "")
    room = min(width - len(head) - len(tail), _WIDEST)
    if room < _NARROWEST:
        return f"{words}{tail}"[:width]
    return f"{head}{bar(share, 1.0, room):·<{room}}{tail}"


class ProgressBar:
    """Draws a bar on `out`. The cursor stays at the beginning of its line, so that the next output covers it."""

    def __init__(
        self,
        out: TextIO,
        *,
        width: Callable[[], int] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`width` is that of the terminal in characters, 0 where none shows the output."""
        self._out = out
        self._width = width or (lambda: columns_of(out) or (_UNSTATED if out.isatty() else 0))
        self._clock = clock
        self._drawn_at = float("-inf")
        self._line = ""
        self._stated: tuple[object, ...] = ()

    def show(self, words: str, done: int, total: int, note: str = "") -> bool:
        """Draw how far it is. Returns whether a terminal shows it; raises as the stream does."""
        width = self._width()
        if not width:
            return False
        now, stated = self._clock(), (words, done, total, note, width)
        # a new step is shown at once, however soon it is over
        at_once = total <= _FEW or self._stated[:1] != (words,)
        if stated != self._stated and (at_once or now - self._drawn_at >= _EVERY_S):
            self._drawn_at, self._stated = now, stated
            # the last column stays free: some terminals go to the next line after it
            self._line = self._spelt(progress_line(words, done, total, note, width - 1))
            self.draw()
        return True

    def draw(self) -> None:
        """Draw the bar again, below what was written since."""
        if self._line:
            self._out.write(f"\r{self._line}{_ERASE}\r")
            self._out.flush()

    def erase(self) -> None:
        """Make room for other output; `draw` brings the bar back."""
        if self._line:
            self._out.write(f"\r{_ERASE}")

    def end(self) -> None:
        """Remove the bar."""
        self.erase()
        self._line, self._stated, self._drawn_at = "", (), float("-inf")
        self._out.flush()

    def _spelt(self, line: str) -> str:
        encoding = self._out.encoding or "utf-8"
        try:
            line.encode(encoding)
        except UnicodeEncodeError:
            line = "".join("#" if char > "\u2500" else "." if char == "·" else char for char in line)
            return line.encode(encoding, errors="replace").decode(encoding)
        return line
