"""Reads the settings again beside the loop: at SIGHUP, when fleet.toml has changed, and when a command asks for it."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

from config.errors import ConfigError, Problem
from config.settings import Settings
from fleet.coordinator.inbox import Reload
from fleet.coordinator.reload.desk import ReloadDesk, ReloadOutcome, ReloadWish
from fleet.coordinator.reload.file_watch import FileWatch, Look, look_at
from fleet.errors import LedgerError
from fleet.threads import RepeatingThread
from tasks.text import sanitized

#: seconds between two looks at the file and for requests
_LOOK_S = 0.5
#: the thread may wait for the loop for as long as that takes
_PATIENCE_S = 86_400.0
#: who changed the settings, where no command says so
_SIGNAL = "SIGHUP"
#: most characters of what changed, in the log
_MOST_LOGGED = 400
_ENDED = ReloadOutcome(taken=False, lines=("the farm has stopped; the settings count from its next start",), later=True)


class ReloadThread:
    """Passes the settings to the loop by `put`, and its outcomes back. `say` prints a line; `read` raises ConfigError.

    `path` is the file that is watched, whether or not it exists.
    """

    def __init__(
        self,
        desk: ReloadDesk,
        path: Path,
        read: Callable[[], Settings],
        put: Callable[[Reload], None],
        say: Callable[[str, str], None],
        record: Callable[[str, str, str], None],
    ) -> None:
        """`record` logs a change: what, by whom, why. After a LedgerError it is called again later."""
        self._record = record
        #: changes that are not in the log yet
        self._unrecorded: deque[tuple[str, str, str]] = deque()
        self._desk, self._path, self._read = desk, path, read
        self._put, self._say = put, say
        look = look_at(path)
        self._watch = FileWatch(look, time.monotonic())
        #: whether the file has held anything since the start
        self._held = _lacks(look) is None
        self._hung_up = threading.Event()
        self.thread = RepeatingThread("reload", self._look, every_s=_LOOK_S, patience_s=_PATIENCE_S)
        self.thread.start()

    def hang_up(self) -> None:
        """Read the settings soon, as at SIGHUP. May be called by a signal handler."""
        self._hung_up.set()

    def close(self) -> None:
        """End the thread; requests that wait are answered."""
        self.thread.close()
        self._write_down()
        for request in self._desk.take():
            self._desk.answer(request, _ENDED)
        self._desk.close()

    def _look(self) -> None:
        for request in self._desk.take():
            self._desk.answer(request, self._attempt(request.wish, request.who, request.reason))
        if self._hung_up.is_set():
            self._hung_up.clear()
            self._attempt(ReloadWish.RELOAD, _SIGNAL)
        look = look_at(self._path)
        if self._watch.settled(look, time.monotonic()):
            if look is None:
                self._say(f"[WARN]   {self._path} is gone; the settings stay as they were read", "yellow")
            else:
                self._attempt(ReloadWish.RELOAD, f"a change of {self._path.name}")
        self._write_down()

    def _attempt(self, wish: ReloadWish, who: str, reason: str = "") -> ReloadOutcome:
        """Read the settings and have the loop take them over, or say what that would change."""
        if wish is ReloadWish.RELOAD:
            self._watch.read(look_at(self._path))
        try:
            self._check()
            settings = self._read()
        except ConfigError as exc:
            lines = str(exc).splitlines()
            outcome = ReloadOutcome(taken=False, lines=(*lines, "nothing was changed"))
        else:
            outcome = self._outcome(settings, wish)
        if wish is ReloadWish.RELOAD:
            self._print(outcome)
            # a changed file may have been taken by itself a moment before the command that gives the reason
            if outcome.changed or (outcome.taken and reason):
                self._unrecorded.append((_in_short(outcome.lines), who, reason))
                self._write_down()
        return outcome

    def _write_down(self) -> None:
        """Log the changes of the settings. While the ledger is locked they wait; its own writer says so."""
        with contextlib.suppress(LedgerError):
            while self._unrecorded:
                self._record(*self._unrecorded[0])
                self._unrecorded.popleft()

    def _check(self) -> None:
        """Raises ConfigError for a file that held settings and is now gone or empty.

        To take that over would remove all its miners, and more likely a disk is full or not mounted.
        """
        lacks = _lacks(look_at(self._path))
        if lacks is None:
            self._held = True
        elif self._held:
            advice = "bring its settings back; to mine without them, restart the coordinator"
            raise ConfigError([Problem(name=str(self._path), source="file", reason=lacks, advice=advice)])

    def _outcome(self, settings: Settings, wish: ReloadWish) -> ReloadOutcome:
        answers: queue.SimpleQueue[ReloadOutcome] = queue.SimpleQueue()
        self._put(Reload(settings=settings, answer=answers.put, only_tell=wish is ReloadWish.DIFF))
        while not self.thread.closing.is_set():
            try:
                return answers.get(timeout=_LOOK_S)
            except queue.Empty:
                continue
        return _ENDED

    def _print(self, outcome: ReloadOutcome) -> None:
        if outcome.taken:
            for line in outcome.lines:
                self._say(f"[CONF]   {line}", "")
        else:
            self._say(f"[WARN]   the settings were not taken over: {'; '.join(outcome.lines)}", "yellow")


def _in_short(lines: Sequence[str]) -> str:
    """What a reload changed, on one line."""
    text = "; ".join(map(sanitized, lines)).replace(":; ", ": ")
    return text if len(text) <= _MOST_LOGGED else f"{text[: _MOST_LOGGED - 2]} …"


def _lacks(look: Look) -> str | None:
    """Why a file holds no settings; None where it may."""
    if look is None:
        return "is gone"
    _, _, size = look
    return None if size else "is empty"
