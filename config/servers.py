"""Checks of the URLs of a NeoNet server, a proxy and a ledger."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from urllib.parse import SplitResult, urlsplit

_PORT_MAX = 65_535
_SERVER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,19}")


def server_name(text: str) -> str:
    """Return the short name of a server, or raise ValueError if it is none."""
    if _SERVER_NAME.fullmatch(text) is None:
        raise ValueError("must be 1 to 20 letters, digits, '.', '_' and '-', of which the first is a letter or a digit")
    return text


def server_url(text: str) -> str:
    """Normalise a NeoNet server's base URL: scheme and host in lower case, no trailing slash.

    Raises ValueError for anything but an http or https URL with a host, and for parts other than scheme, host, port and
    path.
    """
    parts = _split(text.strip(), schemes=("http", "https"))
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not contain a user or password: NeoNet servers use none")
    if parts.query or parts.fragment:
        raise ValueError("must not contain '?' or '#'")
    host = str(parts.hostname)
    netloc = f"[{host}]" if ":" in host else host
    if parts.port is not None:
        netloc = f"{netloc}:{parts.port}"
    return f"{parts.scheme}://{netloc}{parts.path.rstrip('/')}"


def proxy_url(text: str) -> str:
    """Check that `text` is `env` or an http:// URL of a host without a path, and return it; raise ValueError if not."""
    text = text.strip()
    if text == "env":
        return text
    parts = _split(text, schemes=("http",))
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("must have nothing after host and port")
    return f"http://{parts.netloc}"


def ledger_url(text: str) -> str:
    """Check that `text` is an SQLAlchemy URL of SQLite or PostgreSQL and return it; raise ValueError if not."""
    dialect = text.partition("://")[0].partition("+")[0]
    if "://" not in text or dialect not in ("sqlite", "postgresql"):
        raise ValueError("must be an SQLAlchemy URL of sqlite:// or postgresql://")
    return text


def refused_as_plain(url: str, allowed: Collection[str]) -> str | None:
    """Return the host of `url` if it would be contacted in plain http without permission, else None.

    `url` is normalised; `allowed` holds host names in lower case. Loopback is always allowed.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme != "http" or is_loopback(host) or host in allowed:
        return None
    return host


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine, judging by the name alone without resolving it."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _split(text: str, *, schemes: tuple[str, ...]) -> SplitResult:
    wanted = " or ".join(f"{scheme}://" for scheme in schemes)
    if any(char.isspace() or not char.isprintable() for char in text):
        raise ValueError("must not contain white space or control characters")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as exc:
        raise ValueError(f"must be a URL that starts with {wanted}, with a port of 1 to {_PORT_MAX}") from exc
    if parts.scheme not in schemes or not parts.hostname:
        raise ValueError(f"must be a URL that starts with {wanted} and names a host")
    if port == 0:
        raise ValueError(f"must have a port of 1 to {_PORT_MAX}")
    return parts
