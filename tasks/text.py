"""Text that somebody else wrote: a server or a worker."""

from __future__ import annotations


def plain(text: str) -> str:
    """Text that any terminal, log and database takes: no control character, no lone surrogate."""
    return text if text.isprintable() else "".join(char if char.isprintable() else "?" for char in text)
