"""Extracts the title or first words of a page that came instead of a NeoNet server's answer. Pure."""

from __future__ import annotations

import re
from html import unescape

from tasks.text import sanitized

#: how much of a page is searched; the title is near the start
_READ_BYTES = 16_384
_MOST_CHARACTERS = 80

_TITLE = re.compile(r"<title[^<>]{0,200}>(.{0,2000}?)</title", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^<>]{0,2000}>")


def is_page(body: bytes) -> bool:
    """Whether a body is markup and therefore not JSON."""
    return body[:64].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def page_words(body: bytes) -> str:
    """The title of a page in quotes, or its first words if it has none; at most 80 characters, safe to print."""
    text = body[:_READ_BYTES].decode("utf-8", "replace")
    title = _TITLE.search(text)
    words = title[1] if title else _TAG.sub(" ", text)
    words = sanitized(" ".join(unescape(words).split()))
    if not words:
        return "an empty page" if body.strip() else "no body"
    shown = words if len(words) <= _MOST_CHARACTERS else f"{words[: _MOST_CHARACTERS - 1]}…"
    return f"the page {shown!r}" if is_page(body) else shown
