"""Opens a file under its own name alone: a planted link would lead to another file of this user."""

from __future__ import annotations

import os


def no_link(path: str, flags: int) -> int:
    """An opener for `open`. Raises OSError (ELOOP) where `path` is a symbolic link."""
    return os.open(path, flags | os.O_NOFOLLOW, 0o666)
