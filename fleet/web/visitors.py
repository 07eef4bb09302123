"""Decides who may see the pages: the names that they are asked by, the password, and a wait after wrong ones."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from tasks.flower.basic_auth import admits
from tasks.flower.guesses import Guesses

#: names of this machine that only it can be asked by
_OWN = frozenset({"127.0.0.1", "localhost", "::1", "[::1]"})


@dataclass(frozen=True, kw_only=True, slots=True)
class NotAdmitted:
    """An answer in place of a page."""

    status: int
    text: str
    headers: dict[str, str] = field(default_factory=dict)


class Visitors:
    """Admits visitors or refuses them.

    Another site can't read these pages by a name of its own that it points at 127.0.0.1: only known names are answered.
    """

    def __init__(self, *, address: str, names: Iterable[str], password: str | None, clock: Callable[[], float]) -> None:
        """`password` is `user:password`, None for no check; `clock` gives monotonic seconds."""
        self._names = _OWN | {address} | {name.lower() for name in names}
        self._password = password
        self._clock = clock
        self._guesses = Guesses()

    def refusal(self, host: str, address: str, authorization: str) -> NotAdmitted | None:
        """Why a visitor from `address` who asks for `host` may not see a page; None if it may."""
        if host.lower() not in self._names:
            return NotAdmitted(status=403, text=f"this farm is not known as {host!r:.80}: web.names lists its names")
        if self._password is None:
            return None
        asks = {"WWW-Authenticate": 'Basic realm="NeoNet farm", charset="UTF-8"'}
        if not authorization:
            return NotAdmitted(status=401, text="a user name and a password are needed", headers=asks)
        now = self._clock()
        wait_s = math.ceil(self._guesses.wait_s(address, now))
        if wait_s:
            text = f"too many wrong passwords from {address}: try again in {wait_s} s"
            return NotAdmitted(status=429, text=text, headers={"Retry-After": str(wait_s)})
        if admits(authorization, self._password):
            return None
        self._guesses.wrong(address, now)
        return NotAdmitted(status=401, text="the user name or the password is wrong", headers=asks)
