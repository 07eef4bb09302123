"""Sanitizes text from a server or a worker."""

from __future__ import annotations


def sanitized(text: str) -> str:
    """The text with all characters replaced by "?" that a terminal, log or database can't take.

    These are control characters and lone surrogates.
    """
    return text if text.isprintable() else "".join(char if char.isprintable() else "?" for char in text)
