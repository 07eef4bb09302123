"""A token: what it allows, how long, and how a farm recognises it without keeping it. Pure."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

#: every token begins so, so that people and scanners of leaked secrets know it for one
PREFIX = "neofleet_"
_RANDOM_BYTES = 32
#: 32 bytes in base64 for URLs
_FORM = re.compile(PREFIX + r"[A-Za-z0-9_-]{43}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
#: characters of a digest by which a list tells tokens apart
_SHOWN = 8


class TokenScope(StrEnum):
    """What a token allows. Each scope includes the ones before it."""

    READ = "read"
    CONTROL = "control"
    ADMIN = "admin"

    def allows(self, needed: TokenScope) -> bool:
        """Whether this scope includes `needed`."""
        order = list(TokenScope)
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """A token as the farm keeps it."""

    name: str
    scope: TokenScope
    #: SHA-256 of the token, in hex. A token has 256 random bits, so that a slow hash would protect it no better.
    digest: str
    #: UTC milliseconds; it never ends if `ends_ms` is None
    made_ms: int
    ends_ms: int | None = None

    @property
    def shown(self) -> str:
        """The beginning of its digest, by which it can be told from one of the same name on another farm."""
        return self.digest[:_SHOWN]

    def ended(self, now_ms: int) -> bool:
        """Whether its time is over."""
        return self.ends_ms is not None and now_ms >= self.ends_ms


def new_text() -> str:
    """A new token."""
    return PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)


def digest_of(text: str) -> str:
    """The digest by which a token is kept."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def is_name(text: str) -> bool:
    """Whether a token may be called so: letters, digits, dots, dashes and underscores, at most 40."""
    return _NAME.fullmatch(text) is not None


def holds_token(text: str) -> bool:
    """Whether a token stands somewhere in `text`."""
    return _FORM.search(text) is not None


def find(text: str, tokens: Iterable[Token], now_ms: int) -> Token | None:
    """The valid token that `text` is. The time that this takes says nothing about how much of a token was right."""
    digest = digest_of(text)
    found = None
    for token in tokens:
        if hmac.compare_digest(digest, token.digest) and not token.ended(now_ms):
            found = token
    return found
