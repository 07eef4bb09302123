"""The file with a farm's tokens, which holds only their digests. Every change replaces it whole."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from fleet.errors import TokenRefused
from fleet.hosts.secret_files import replace_secret
from fleet.private_files import keep_private
from fleet.tokens.token import Token, TokenScope, is_name
from tasks.host.no_link import no_link

#: the file's name in the farm's folder
TOKEN_FILE = "api-tokens.json"  # noqa: S105 - a name
_LOCK = "api-tokens.lock"
_VERSION = 1
#: tokens that a farm has at most, and bytes past which a file is none of ours
MOST_TOKENS, _MOST_BYTES = 200, 200_000


class TokenFile:
    """Reads and changes the tokens in a farm's folder; several processes may do so at once.

    Each method raises TokenRefused for a file that is no list of tokens, and OSError where it can't be read or written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / TOKEN_FILE
        self._read: tuple[tuple[int, ...], tuple[Token, ...]] | None = None

    def tokens(self) -> tuple[Token, ...]:
        """The tokens in the order in which they were made. The file is read only after a change."""
        try:
            with open(self._path, "rb", opener=no_link) as file:
                found = os.fstat(file.fileno())
                version = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
                if self._read is None or self._read[0] != version:
                    self._read = (version, self._parsed(file.read(_MOST_BYTES + 1)))
        except FileNotFoundError:
            return ()
        return self._read[1]

    def add(self, token: Token, now_ms: int, record: Callable[[], None] = lambda: None) -> None:
        """Keep a new token, and forget those that have ended. `record` is called before, and may raise to prevent it.

        Raises TokenRefused if the name is taken or there are too many.
        """
        with self._changing():
            kept = [one for one in self.tokens() if not one.ended(now_ms)]
            if any(one.name == token.name for one in kept):
                raise TokenRefused(f"there is a token {token.name!r} already: revoke it first, or choose another name")
            if len(kept) >= MOST_TOKENS:
                raise TokenRefused(f"there are {MOST_TOKENS} tokens already: revoke those that nobody uses")
            record()
            self._write([*kept, token])

    def remove(self, name: str) -> Token:
        """Forget a token, which is refused from now on. Raises TokenRefused if there is none of this name."""
        with self._changing():
            tokens = self.tokens()
            found = next((one for one in tokens if one.name == name), None)
            if found is None:
                known = ", ".join(one.name for one in tokens) or "none"
                raise TokenRefused(f"there is no token {name!r:.80}; the farm has: {known}")
            self._write([one for one in tokens if one is not found])
        return found

    @contextlib.contextmanager
    def _changing(self) -> Iterator[None]:
        keep_private(self._folder)
        with open(self._folder / _LOCK, "a", opener=no_link) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _write(self, tokens: list[Token]) -> None:
        rows = [
            {"name": one.name, "scope": one.scope, "sha256": one.digest, "made_ms": one.made_ms, "ends_ms": one.ends_ms}
            for one in tokens
        ]
        replace_secret(self._path, f"{json.dumps({'v': _VERSION, 'tokens': rows}, indent=1)}\n".encode())

    def _parsed(self, content: bytes) -> tuple[Token, ...]:
        try:
            found = json.loads(content)
            if len(content) > _MOST_BYTES or found["v"] != _VERSION:
                raise ValueError("another version, or too long")
            return tuple(map(_token, found["tokens"]))
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as exc:
            advice = "remove it and make the tokens again by `fleet token create`"
            raise TokenRefused(f"{self._path} is no list of tokens ({exc}): {advice}") from exc


def _token(row: dict[str, Any]) -> Token:
    name, digest, made_ms, ends_ms = row["name"], row["sha256"], row["made_ms"], row["ends_ms"]
    if not is_name(name) or len(digest) != 64 or not digest.isascii():
        raise ValueError("a row has no name or no digest")
    return Token(
        name=name,
        scope=TokenScope(row["scope"]),
        digest=digest,
        made_ms=int(made_ms),
        ends_ms=None if ends_ms is None else int(ends_ms),
    )
