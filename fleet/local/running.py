"""A farm of `fleet up` that runs in a folder, as another process of the same user sees it. Takes no lock."""

from __future__ import annotations

import contextlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from config.settings import Settings
from fleet.ledger.storage.places import farm_dir

#: the words that `fleet up` writes to its lock
_HOLDER = re.compile(r"fleet up (\d{1,10}) on ")
_SETTING = re.compile(r"^(port|requirepass) (\S+)$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class RunningFarm:
    """What a farm on this machine has started for itself."""

    #: URL of its own Redis, with the password; None where it uses another one
    redis_url: str | None
    #: URL of its simulator; None on a real server
    simulator_url: str | None


def farm_of(settings: Settings) -> RunningFarm | None:
    """The farm of `fleet up` in the state folder: the real one first, since no setting may name its server."""
    return next(filter(None, map(running_farm, dict.fromkeys((settings.state_dir, farm_dir(settings))))), None)


def running_farm(folder: Path) -> RunningFarm | None:
    """The farm that `fleet up` runs in this folder; None where none runs or this user may not see it."""
    holder = _HOLDER.match(_text(folder / "farm.lock"))
    if holder is None or not _is_fleet(int(holder[1])):
        return None
    found = dict(_SETTING.findall(_text(folder / "run" / "redis.conf")))
    redis_url = f"redis://:{found['requirepass']}@127.0.0.1:{found['port']}/0" if len(found) == 2 else None
    simulator = _text(folder / "run" / "simulator.url").strip()
    return RunningFarm(redis_url=redis_url, simulator_url=simulator or None)


def _is_fleet(pid: int) -> bool:
    """Whether that process lives and may be the holder: the lock's text stays behind after it has ended."""
    try:
        os.kill(pid, 0)
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    return b"up" in command.split(b"\0")


def _text(path: Path) -> str:
    with contextlib.suppress(OSError, UnicodeDecodeError):
        return path.read_text(encoding="utf-8")
    return ""
