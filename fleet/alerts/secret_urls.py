"""What may be shown of a URL that holds a password or a token."""

from __future__ import annotations

import re

#: shortest part of a URL that is hidden, in characters
_HIDDEN_FROM = 4
_MOST_REASON = 200


def scheme_of(url: str) -> str:
    """The part of a URL that may be shown: which service it is for."""
    scheme, colon, _ = url.partition("://")
    return scheme.lower() if colon and re.fullmatch(r"[A-Za-z0-9+.-]{1,30}", scheme) else "?"


def masked(text: str, url: str) -> str:
    """A library's text about a URL without any part of that URL but its scheme."""
    for part in sorted(set(re.split(r"[^A-Za-z0-9_-]+", url)), key=len, reverse=True):
        if len(part) >= _HIDDEN_FROM and part.lower() != scheme_of(url):
            text = text.replace(part, "…")
    return text[:_MOST_REASON]
