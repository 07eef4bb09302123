"""The oldest Redis version that a farm works with, and the versions of servers and binaries."""

from __future__ import annotations

import re
from collections.abc import Mapping

#: Redis 7.0 introduced the selectors and key permissions (`%R~`) that the roles' rules use.
MINIMUM = (7, 0)
_VERSION = re.compile(r"(\d{1,4})\.(\d{1,4})(?:\.\d{1,4})?")
_BINARY = re.compile(r"\bv=(\S{1,20})")


def version_of_binary(said: str) -> str | None:
    """The version in the output of `redis-server --version`; None when it holds none."""
    found = _BINARY.search(said)
    return found and found[1]


def version_of_server(hello: object) -> str | None:
    """The version in a server's answer to HELLO; None when it holds none."""
    if not isinstance(hello, Mapping):
        return None
    stated = hello.get(b"version", hello.get("version"))
    return stated.decode(errors="replace") if isinstance(stated, bytes) else None if stated is None else str(stated)


def is_too_old(version: str | None) -> bool:
    """Whether `version` is below the minimum. An unreadable version is not."""
    found = _VERSION.match(version or "")
    return found is not None and (int(found[1]), int(found[2])) < MINIMUM


def minimum() -> str:
    """The oldest supported version, in Redis's notation."""
    return ".".join(map(str, MINIMUM))
