"""What can be wrong with the settings.

ConfigError    give up: start again with what its problems name put right
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One thing that is wrong, in the words of the place where it was written."""

    #: the setting as it is spelt there, e.g. `FLEET_HTTP__CONNECTIONS` or `http.connections`
    name: str
    #: where it was written, e.g. `environment` or the path of `fleet.toml`
    source: str
    #: what is wrong, with the bound that it breaks
    reason: str
    #: what was seen, or None where it is unknown, large or secret
    value: str | None = None
    #: what to do about it
    advice: str | None = None

    def __str__(self) -> str:
        seen = "" if self.value is None else f" = {self.value}"
        advice = "" if self.advice is None else f"; {self.advice}"
        return f"{self.name}{seen} ({self.source}): {self.reason}{advice}"


class ConfigError(Exception):
    """The settings can't be used; `problems` lists everything that is wrong with them, at least one."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        if not self.problems:
            raise ValueError("a ConfigError needs at least one problem")
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def __reduce__(self) -> tuple[type[ConfigError], tuple[tuple[Problem, ...]]]:
        return type(self), (self.problems,)
