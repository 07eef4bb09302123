"""Ignores the variables that Kubernetes and Docker set in a container for each other service."""

from __future__ import annotations

import re
from collections.abc import Mapping

#: suffix and value pattern of each such variable; see "service environment variables" of Kubernetes
_LINKS = (
    (re.compile(r"_SERVICE_HOST"), re.compile(r"[0-9a-fA-F:.]+")),
    (re.compile(r"_SERVICE_PORT(_[A-Z0-9_]+)?"), re.compile(r"[0-9]{1,5}")),
    (re.compile(r"_PORT(_[0-9]{1,5}_(TCP|UDP|SCTP))?"), re.compile(r"(tcp|udp|sctp)://\S+")),
    (re.compile(r"_PORT_[0-9]{1,5}_(TCP|UDP|SCTP)_PROTO"), re.compile(r"(tcp|udp|sctp)")),
    (re.compile(r"_PORT_[0-9]{1,5}_(TCP|UDP|SCTP)_PORT"), re.compile(r"[0-9]{1,5}")),
    (re.compile(r"_PORT_[0-9]{1,5}_(TCP|UDP|SCTP)_ADDR"), re.compile(r"[0-9a-fA-F:.]+")),
)
_SERVICE = re.compile(r"[A-Z][A-Z0-9_]*")


def without_service_links(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment without them: with a service named `fleet`, Kubernetes sets `FLEET_PORT=tcp://…` itself."""
    return {name: value for name, value in environ.items() if not is_service_link(name, value)}


def is_service_link(name: str, value: str) -> bool:
    """Whether both name and value fit such a variable. `FLEET_PORT=8000`, in contrast, is a user's mistake."""
    for ending, content in _LINKS:
        found = re.search(f"(?:{ending.pattern})$", name)
        if found is not None and _SERVICE.fullmatch(name[: found.start()]) and content.fullmatch(value):
            return True
    return False
