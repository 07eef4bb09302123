"""Checks each visitor of pages and API: the name of the farm, the password or API token, a wait after wrong ones."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from fleet.tokens.token import Token, TokenScope
from tasks.flower.basic_auth import admits
from tasks.flower.guesses import Guesses

#: names of this machine that only it can be asked by
_OWN = frozenset({"127.0.0.1", "localhost", "::1", "[::1]"})


_ASKS = {"WWW-Authenticate": 'Basic realm="NeoNet farm", charset="UTF-8"'}


@dataclass(frozen=True, kw_only=True, slots=True)
class NotAdmitted:
    """An answer in place of a page."""

    status: int
    text: str
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Admitted:
    """Who may see the pages, and what else it may do."""

    #: the token's name; "" for a visitor without one
    name: str = ""
    scope: TokenScope = TokenScope.READ


class Visitors:
    """Admits visitors or refuses them.

    Another site can't read these pages by a name of its own that it points at 127.0.0.1: only known names are answered.
    """

    def __init__(
        self,
        *,
        address: str,
        names: Iterable[str],
        password: str | None,
        tokens: Callable[[str], Token | None],
        clock: Callable[[], float],
    ) -> None:
        """`password` is `user:password`, None for no check; `tokens` finds the valid token that a text is, and `clock`
        gives monotonic seconds."""
        self._names = _OWN | {address} | {name.lower() for name in names}
        self._password = password
        self._token = tokens
        self._clock = clock
        self._guesses = Guesses()

    def admit(self, host: str, address: str, authorization: str) -> Admitted | NotAdmitted:
        """What a visitor from `address` who asks for `host` may do, or why nothing."""
        if host.lower() not in self._names:
            return NotAdmitted(status=403, text=f"this farm is not known as {host!r:.80}: web.names lists its names")
        scheme, _, credentials = authorization.strip().partition(" ")
        bearer = scheme.lower() == "bearer"
        if self._password is None and not bearer:
            return Admitted()
        if not authorization:
            return NotAdmitted(status=401, text="a user name and a password are needed", headers=_ASKS)
        now = self._clock()
        wait_s = math.ceil(self._guesses.wait_s(address, now))
        if wait_s:
            text = f"too many wrong passwords from {address}: try again in {wait_s} s"
            return NotAdmitted(status=429, text=text, headers={"Retry-After": str(wait_s)})
        admitted = self._by_token(credentials.strip()) if bearer else self._by_password(authorization)
        if isinstance(admitted, NotAdmitted):
            self._guesses.wrong(address, now)
        return admitted

    def _by_password(self, authorization: str) -> Admitted | NotAdmitted:
        if self._password is not None and admits(authorization, self._password):
            return Admitted()
        return NotAdmitted(status=401, text="the user name or the password is wrong", headers=_ASKS)

    def _by_token(self, text: str) -> Admitted | NotAdmitted:
        token = self._token(text)
        if token is not None:
            return Admitted(name=token.name, scope=token.scope)
        text = "this farm has no such token: it was revoked, has ended, or is another farm's (`fleet token list`)"
        return NotAdmitted(status=401, text=text, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
