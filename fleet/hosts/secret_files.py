"""Secrets as files that only one user can read, written whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from fleet.errors import ServiceError

_MODE = 0o600
_PASSWORD_BYTES = 24


def new_password() -> str:
    """A password of 192 random bits, in characters that a URL needs no escapes for."""
    return secrets.token_urlsafe(_PASSWORD_BYTES)


def write_secret(path: Path, text: str) -> None:
    """Replace `path` by a file of mode 0600.

    Raises ServiceError where the folder can't be written or the disk is full.
    """
    try:
        replace_secret(path, text.encode())
    except OSError as exc:
        raise ServiceError(f"can't write the secret {path}: {exc.strerror or exc}") from exc


def replace_secret(path: Path, data: bytes) -> None:
    """Replace `path` by a file of mode 0600. Raises OSError."""
    beside = path.with_name(f".{path.name}.new")
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def kept_secret(path: Path, make: Callable[[], str] = new_password) -> str:
    """The secret in `path`, which is created first where it is missing.

    Raises ServiceError where it can't be read or written, or is empty.
    """
    if not path.exists():
        write_secret(path, make())
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as exc:
        raise ServiceError(f"can't read the secret {path}: {exc}") from exc
    if not text:
        raise ServiceError(f"the secret {path} is empty: restore it, or remove it to get a new one")
    return text
