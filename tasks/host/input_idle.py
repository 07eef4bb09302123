"""Since when nobody has typed at this host or moved its mouse, as far as Linux tells without a desktop's libraries.

Terminals tell it by the time at which they were last read, as `w` shows it. logind tells it for desktops that report
to it. An old keyboard, mouse or touchpad tells it by its interrupts. Event devices in `/dev/input` keep no such time.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from tasks.host.container import in_container

#: seconds between two questions to logind, and how long it may take to answer
_ASK_S, _ANSWER_S = 10.0, 5.0
_COMMAND = ("loginctl", "show-session", "--property=IdleHint", "--property=IdleSinceHint")
_CONTAINER = "a container sees neither keyboard nor terminals of its host"
_TERMINALS_ALONE = "without logind, only terminals and old keyboards and mice are seen, not those of a desktop"
_ITS_HINT = "a desktop that gives logind no idle hint is not seen"


class InputIdle:
    """Reads the files under `root`; `now` is the time in Unix seconds."""

    def __init__(self, root: Path = Path("/"), now: Callable[[], float] = time.time) -> None:
        self._root, self._now = root, now
        self._contained = in_container(root)
        self._logind = Logind(now) if (root / "run/systemd/seats").is_dir() else None
        #: the last count of interrupts, and when it rose
        self._interrupts: tuple[int, float] | None = None

    @property
    def unseen(self) -> str:
        """What of an input can't be seen on this host, in words."""
        if self._contained:
            return _CONTAINER
        return _TERMINALS_ALONE if self._logind is None else _ITS_HINT

    def seconds(self) -> float | None:
        """Seconds since the last input that was seen; None where none can be."""
        if self._contained:
            return None
        now = self._now()
        logind = None if self._logind is None else self._logind.last_input()
        times = [*self._terminals(), self._interrupted(now), logind]
        last = max((at for at in times if at is not None), default=None)
        # a clock that was set back makes no input of the future
        return None if last is None else max(now - last, 0.0)

    def _terminals(self) -> list[float]:
        found = []
        for pattern in ("dev/pts/[0-9]*", "dev/tty[1-9]*"):
            for terminal in self._root.glob(pattern):
                try:
                    found.append(terminal.stat().st_atime)
                except OSError:
                    continue
        return found

    def _interrupted(self, now: float) -> float | None:
        """When the controller of old keyboards and mice last had work; None while that is not known."""
        try:
            lines = (self._root / "proc/interrupts").read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return None
        counts = [int(word) for line in lines if "i8042" in line for word in line.split() if word.isdecimal()]
        if not counts:
            return None
        before = self._interrupts
        if before is None:
            # nothing is known of the time before
            self._interrupts = (sum(counts), float("-inf"))
        elif before[0] != sum(counts):
            self._interrupts = (sum(counts), now)
        last = self._interrupts[1] if self._interrupts else None
        return None if last == float("-inf") else last


class Logind:
    """Asks logind now and then, without waiting for the answer: the caller's loop must go on."""

    def __init__(self, now: Callable[[], float], command: tuple[str, ...] = _COMMAND) -> None:
        self._now, self._command = now, command
        self._asked: subprocess.Popen[str] | None = None
        self._asked_at = float("-inf")
        self._said = ""

    def last_input(self) -> float | None:
        """When somebody was last there, in Unix seconds; None while logind does not say."""
        waited_s = time.monotonic() - self._asked_at
        if self._asked is not None:
            self._hear(self._asked, waited_s)
        elif waited_s >= _ASK_S:
            self._ask()
        return parse_hint(self._said, self._now())

    def _ask(self) -> None:
        self._asked_at = time.monotonic()
        try:
            self._asked = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
            )
        except OSError:
            self._said = ""

    def _hear(self, asked: subprocess.Popen[str], waited_s: float) -> None:
        if asked.poll() is None and waited_s < _ANSWER_S:
            return
        asked.kill()
        text, _ = asked.communicate()
        self._said, self._asked = text if asked.returncode == 0 else "", None


def parse_hint(text: str, now: float) -> float | None:
    """When somebody was last there by logind's properties, in Unix seconds; None where it does not know.

    It counts somebody at a terminal as there for 5 minutes after the last key. A desktop that never gave a hint has
    neither a time nor an idle moment.
    """
    stated = dict(line.partition("=")[::2] for line in text.splitlines())
    since = stated.get("IdleSinceHint", "")
    if not since.isdecimal() or int(since) == 0:
        return None
    hint = stated.get("IdleHint")
    return {"yes": int(since) / 1e6, "no": now}.get(hint or "")
