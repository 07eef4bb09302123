"""The log set-up: one line per record to stderr, as text or JSON, with repeated lines summed up."""

from __future__ import annotations

import json
import logging
import sys
import time
from datetime import UTC, datetime
from typing import TextIO

from config.hiding import hidden
from config.repeats import Line, Repeats, Swallowed
from config.sections import LogSettings

REPEAT_WINDOW_S = 30.0

#: attributes of every record; all others were given as `extra`
_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
#: libraries that log every request at INFO
_CHATTY = ("tornado.access", "celery.worker.strategy", "celery.app.trace")


def set_up(log: LogSettings, *, stream: TextIO | None = None, repeat_window_s: float = REPEAT_WINDOW_S) -> None:
    """Make the root logger write to `stream`, by default stderr, and nowhere else. Call it once per process."""
    handler = RollingUpHandler(stream or sys.stderr, repeat_window_s)
    handler.setFormatter(JsonFormatter() if log.format == "json" else TextFormatter())
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
        old.close()
    root.addHandler(handler)
    set_level(log.level)


def set_level(level: str) -> None:
    """Log what is of this level or above from now on."""
    root = logging.getLogger()
    root.setLevel(level)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))


class RollingUpHandler(logging.StreamHandler[TextIO]):
    """Writes a line once per window, and later how often it was repeated.

    Lines are the same if logger, level, text and kind of exception are. The count is written with the first line of any
    kind after the window, or at exit, so it may be late in a quiet process.
    """

    def __init__(self, stream: TextIO, window_s: float) -> None:
        super().__init__(stream)
        self._repeats = Repeats(window_s)

    def format(self, record: logging.LogRecord) -> str:
        """Return the line without miners' ids."""
        return hidden(super().format(record))

    def emit(self, record: logging.LogRecord) -> None:
        """Write the counts that are due, then write `record` or count it."""
        try:
            line = _line(record)
        except Exception:  # noqa: BLE001 - logging itself reports a line with wrong arguments
            self.handleError(record)
            return
        now_s = time.monotonic()
        for swallowed in self._repeats.due(now_s):
            super().emit(_summary(swallowed))
        if self._repeats.lets_through(line, now_s):
            super().emit(record)

    def close(self) -> None:
        """Write the remaining counts."""
        self.acquire()
        try:
            for swallowed in self._repeats.rest(time.monotonic()):
                super().emit(_summary(swallowed))
        finally:
            self.release()
        super().close()


class TextFormatter(logging.Formatter):
    """`2026-01-31 12:00:00.000Z WARNING fleet.server.client: text`, in UTC, for people."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802 - logging's name
        """Return the record's time in UTC with milliseconds."""
        return _when(record).strftime(datefmt or "%Y-%m-%d %H:%M:%S.") + f"{int(record.msecs):03d}Z"


class JsonFormatter(logging.Formatter):
    """One JSON object per line: time, level, logger, message, the `extra` attributes, and the exception."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the object. Values that JSON can't represent are written as their `str`."""
        line: dict[str, object] = {
            "time": _when(record).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: value for name, value in vars(record).items() if name not in _OWN and name not in line}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)


def _when(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, UTC)


def _line(record: logging.LogRecord) -> Line:
    kind = record.exc_info[0] if record.exc_info else None
    exception = "" if kind is None else kind.__qualname__
    return Line(logger=record.name, level=record.levelno, text=record.getMessage(), exception=exception)


def _summary(swallowed: Swallowed) -> logging.LogRecord:
    line = swallowed.line
    text = f"{line.text} (repeated {swallowed.count} times in {swallowed.span_s:.0f} s)"
    record = logging.LogRecord(line.logger, line.level, "", 0, text, None, None)
    record.repeated = swallowed.count
    return record
