"""Limits how many new names are accepted: a farm has few, and statistics keep each one in memory."""

from __future__ import annotations


class Newcomers:
    """Accepts `at_once` names, and then one more every `every_s` seconds. The clock is passed in."""

    def __init__(self, at_once: int, every_s: float) -> None:
        self._room = float(at_once)
        self._most = float(at_once)
        self._every_s = every_s
        self._looked_at = 0.0
        self._known: set[str] = set()

    def admits(self, name: str, now: float) -> bool:
        """Whether the name is known, or accepted as a new one."""
        if name in self._known:
            return True
        self._room = min(self._most, self._room + max(0.0, now - self._looked_at) / self._every_s)
        self._looked_at = now
        if self._room < 1:
            return False
        self._room -= 1
        self._known.add(name)
        return True
