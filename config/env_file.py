"""Reads a `.env` file as Docker Compose does, and refuses values that Compose would read differently."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from io import StringIO

from dotenv.parser import Binding, parse_stream

_OURS = re.compile(r"\bFLEET_\w*", re.IGNORECASE)
_ESCAPES = re.compile(r"\\[nt\\\"]")


@dataclass(frozen=True, kw_only=True, slots=True)
class AmbiguousValue:
    """A value that `fleet` and Compose would read differently."""

    #: the variable, or the line where there is no variable to name
    name: str
    reason: str
    advice: str


@dataclass(frozen=True, kw_only=True, slots=True)
class EnvFile:
    """The contents of a `.env` file."""

    values: Mapping[str, str | None]
    unclear: tuple[AmbiguousValue, ...]


def read_env_file(text: str) -> EnvFile:
    """The file's values, and those that are unclear. Lines without a FLEET_ variable are never unclear."""
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


def _doubt(name: str, reason: str) -> AmbiguousValue:
    variable = name.partition(",")[0]
    return AmbiguousValue(
        name=name,
        reason=reason,
        advice=f"write {variable}='…' in single quotes; a value with a single quote must go into a secret file",
    )


def _difference(binding: Binding) -> str | None:
    """How Compose would read the value differently, or None."""
    written = binding.original.string.partition("=")[2].strip("\r\n")
    raw = written.strip()
    quote = raw[:1] if raw[:1] in {"'", '"'} else ""
    inner = binding.value or ""
    if quote == "'":
        return r"holds \\, which Compose reads as two" if "\\\\" in raw else None
    if "$" in raw and raw != "$":
        return "holds a $, which Compose replaces by a variable"
    if quote == '"':
        return r"holds a \ that Compose reads differently" if "\\" in _ESCAPES.sub("", raw) else None
    if "\t#" in raw or (raw.startswith("#") and not inner):
        return "holds a # that Compose reads differently"
    return None
