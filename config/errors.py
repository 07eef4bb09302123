"""The errors in settings.

ConfigError    give up: fix what its problems name, and start again
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One mistake in the settings, in the notation of the place where it was written."""

    #: the setting's name there, e.g. `FLEET_HTTP__CONNECTIONS` or `http.connections`
    name: str
    #: where it was written, e.g. `environment` or the path of `fleet.toml`
    source: str
    #: the mistake, with the bound that it exceeds
    reason: str
    #: the value, or None where it is unknown, large or secret
    value: str | None = None
    #: how to fix it
    advice: str | None = None

    def __str__(self) -> str:
        seen = "" if self.value is None else f" = {self.value}"
        advice = "" if self.advice is None else f"; {self.advice}"
        return f"{self.name}{seen} ({self.source}): {self.reason}{advice}"


class ConfigError(Exception):
    """The settings can't be used; `problems` lists all mistakes, at least one."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        if not self.problems:
            raise ValueError("a ConfigError needs at least one problem")
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def __reduce__(self) -> tuple[type[ConfigError], tuple[tuple[Problem, ...]]]:
        return type(self), (self.problems,)
