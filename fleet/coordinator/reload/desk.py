"""Carries a command's request to read the settings again to the running coordinator, and its answer back, as files.

The state folder is private to the farm's user, so whoever can write there may change the settings as well.
"""

from __future__ import annotations

import contextlib
import json
import secrets
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from fleet.private_files import replace_private
from tasks.text import sanitized

FOLDER = "reload"
_ASKED, _ANSWERED = ".asked", ".answered"
#: longest answer and longest request that are read, in bytes
_MOST_BYTES, _MOST_ASKED_BYTES = 1_000_000, 2_000


class ReloadWish(StrEnum):
    """What is asked for."""

    #: take the settings over as they are now
    RELOAD = "reload"
    #: say what that would change
    DIFF = "diff"


@dataclass(frozen=True, kw_only=True, slots=True)
class ReloadOutcome:
    """What became of a request."""

    #: whether the settings are in force, or could be
    taken: bool
    #: what changes, or why nothing does, as sentences without miners' ids
    lines: tuple[str, ...]
    #: whether the same request may succeed later, where this one did not
    later: bool = False
    #: whether the settings that are in force differ from those before, or will after a restart
    changed: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ReloadRequest:
    """One request; its key names the file of its answer."""

    key: str
    wish: ReloadWish
    #: who asks, and why
    who: str = ""
    reason: str = ""


class ReloadDesk:
    """The coordinator's side. Requests that an earlier one left are dropped."""

    def __init__(self, state_dir: Path) -> None:
        self._folder = state_dir / FOLDER
        with contextlib.suppress(OSError):
            self._folder.mkdir(mode=0o700, exist_ok=True)
            self._clear()

    def close(self) -> None:
        """Take no more requests: a command that asks from now on finds no coordinator."""
        with contextlib.suppress(OSError):
            for request in self._folder.glob(f"*{_ASKED}"):
                request.unlink()
            self._folder.rmdir()

    def _clear(self) -> None:
        for old in self._folder.iterdir():
            old.unlink()

    def take(self) -> list[ReloadRequest]:
        """The requests that have come in, the oldest first. A folder that can't be read holds none."""
        found: list[ReloadRequest] = []
        with contextlib.suppress(OSError):
            for file in sorted(self._folder.glob(f"*{_ASKED}"), key=lambda path: path.stat().st_mtime_ns):
                text = file.read_bytes()[:_MOST_ASKED_BYTES].decode(errors="replace")
                file.unlink()
                wish, who, reason = (*map(sanitized, text.split("\n")), "", "", "")[:3]
                if wish in set(ReloadWish):
                    key = file.name.removesuffix(_ASKED)
                    found.append(ReloadRequest(key=key, wish=ReloadWish(wish), who=who, reason=reason))
        return found

    def answer(self, request: ReloadRequest, outcome: ReloadOutcome) -> None:
        """Say what became of a request."""
        text = json.dumps(asdict(outcome))
        with contextlib.suppress(OSError):
            replace_private(self._folder / f"{request.key}{_ANSWERED}", text)


class Asking:
    """A command's side of one request, which is withdrawn at the end of the block.

    Raises OSError where the folder can't be written: then no coordinator has run there, or it is another user's.
    """

    def __init__(self, state_dir: Path, wish: ReloadWish, who: str = "", reason: str = "") -> None:
        self._folder, self._key = state_dir / FOLDER, secrets.token_hex(8)
        replace_private(self._folder / f"{self._key}{_ASKED}", f"{wish.value}\n{who}\n{reason}")

    def __enter__(self) -> Asking:
        return self

    def __exit__(self, *_: object) -> None:
        for end in (_ASKED, _ANSWERED):
            with contextlib.suppress(OSError):
                (self._folder / f"{self._key}{end}").unlink()

    @property
    def taken(self) -> bool:
        """Whether a coordinator has seen the request."""
        return not (self._folder / f"{self._key}{_ASKED}").exists()

    def outcome(self) -> ReloadOutcome | None:
        """The answer, once there is one."""
        try:
            with (self._folder / f"{self._key}{_ANSWERED}").open("rb") as file:
                found = json.loads(file.read(_MOST_BYTES))
        except FileNotFoundError:
            return None
        lines = tuple(str(line) for line in found["lines"])
        flags = {name: bool(found[name]) for name in ("taken", "later", "changed")}
        return ReloadOutcome(lines=lines, **flags)
