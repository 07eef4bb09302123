"""A `.env` file, read as Docker Compose reads it; what the two would read differently is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from io import StringIO

from dotenv.parser import Binding, parse_stream

_OURS = re.compile(r"\bFLEET_\w*", re.IGNORECASE)
_ESCAPES = re.compile(r"\\[nt\\\"]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Unclear:
    """A value that `fleet` and Compose would read differently."""

    #: the variable, or the line where none can be made out
    name: str
    reason: str
    advice: str


@dataclass(frozen=True, kw_only=True, slots=True)
class EnvFile:
    """What a `.env` file says."""

    values: Mapping[str, str | None]
    unclear: tuple[Unclear, ...]


def read_env_file(text: str) -> EnvFile:
    """Values and doubts of the file; lines that name no FLEET_ variable belong to others and raise no doubt."""
    values: dict[str, str | None] = {}
    unclear = []
    for binding in parse_stream(StringIO(text)):
        named = _OURS.search(binding.original.string)
        if binding.error:
            if named is not None:
                unclear.append(_doubt(f"{named.group()}, line {binding.original.line}", "can't be read"))
        elif binding.key is not None:
            reason = _difference(binding) if named is not None else None
            if reason is None:
                values[binding.key] = binding.value
            else:
                unclear.append(_doubt(binding.key, reason))
    return EnvFile(values=values, unclear=tuple(unclear))


def _doubt(name: str, reason: str) -> Unclear:
    variable = name.partition(",")[0]
    return Unclear(
        name=name,
        reason=reason,
        advice=f"write {variable}='…' in single quotes; what holds a single quote itself goes into a secret file",
    )


def _difference(binding: Binding) -> str | None:
    """Why Compose would read the value in another way, or None."""
    written = binding.original.string.partition("=")[2].strip("\r\n")
    raw = written.strip()
    quote = raw[:1] if raw[:1] in {"'", '"'} else ""
    inner = binding.value or ""
    if quote == "'":
        return r"holds \\, which Compose reads as two" if "\\\\" in raw else None
    if "$" in raw and raw != "$":
        return "holds a $, at which Compose puts in another variable"
    if quote == '"':
        return r"holds a \ that Compose reads otherwise" if "\\" in _ESCAPES.sub("", raw) else None
    if "\t#" in raw or (raw.startswith("#") and not inner):
        return "holds a # that Compose reads otherwise"
    return None
