"""Only a visitor who asks by a known name and has the password or a token is admitted; wrong ones wait."""

from __future__ import annotations

import base64

import pytest

from fleet.tokens.token import Token, TokenScope
from fleet.web.visitors import Admitted, NotAdmitted, Visitors
from tasks.flower.guesses import BURST, REFILL_S

TOKEN = Token(name="phone", scope=TokenScope.CONTROL, digest="", made_ms=0)
PASSWORD = "farmer:a-long-pässword"


class Door:
    """Visitors with a clock that is moved by hand."""

    def __init__(self, password: str | None = PASSWORD) -> None:
        self.now = 1000.0
        self.visitors = Visitors(
            address="127.0.0.1",
            names=("farm.example.com",),
            password=password,
            tokens=lambda text: TOKEN if text == "a-token" else None,
            clock=lambda: self.now,
        )

    def ask(self, password: str | None, host: str = "127.0.0.1", address: str = "10.0.0.1") -> NotAdmitted | None:
        header = "" if password is None else f"Basic {base64.b64encode(password.encode()).decode()}"
        found = self.visitors.admit(host, address, header)
        return found if isinstance(found, NotAdmitted) else None

    def show(self, token: str) -> Admitted | NotAdmitted:
        return self.visitors.admit("127.0.0.1", "10.0.0.1", f"Bearer {token}")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST", "farm.example.com"])
def test_known_names_are_answered(host: str) -> None:
    assert Door(password=None).ask(None, host) is None


@pytest.mark.parametrize("host", ["", "evil.example.com", "127.0.0.1.evil.example.com", "0x7f.1"])
def test_other_names_are_not_even_with_the_password(host: str) -> None:
    refused = Door().ask(PASSWORD, host)
    assert refused is not None
    assert refused.status == 403


def test_without_a_password_a_browser_is_told_to_ask_for_one() -> None:
    refused = Door().ask(None)
    assert refused is not None
    assert refused.status == 401
    assert refused.headers["WWW-Authenticate"].startswith("Basic ")
    assert Door().ask(PASSWORD) is None


@pytest.mark.parametrize("password", ["farmer:a-long-p", "farmer:", "other:a-long-pässword", ":", ""])
def test_a_wrong_password_is_refused_and_slowed_down(password: str) -> None:
    door = Door()
    for _ in range(BURST):
        refused = door.ask(password)
        assert refused is not None
        assert refused.status == 401
    refused = door.ask(PASSWORD)
    assert refused is not None, "the right one is not checked either, so that guesses can't tell"
    assert refused.status == 429
    assert 0 < int(refused.headers["Retry-After"]) <= REFILL_S
    assert door.ask(PASSWORD, address="10.0.0.2") is None, "others are not held up"
    door.now += REFILL_S
    assert door.ask(PASSWORD) is None


@pytest.mark.parametrize("password", [PASSWORD, None])
def test_a_token_admits_in_place_of_the_password_and_says_what_its_owner_may_do(password: str | None) -> None:
    assert Door(password).show("a-token") == Admitted(name="phone", scope=TokenScope.CONTROL)


def test_without_a_token_nobody_may_do_more_than_read() -> None:
    assert Door(password=None).visitors.admit("127.0.0.1", "10.0.0.1", "") == Admitted(name="", scope=TokenScope.READ)


@pytest.mark.parametrize("password", [PASSWORD, None])
def test_a_wrong_token_is_refused_and_slowed_down_even_where_no_password_is_needed(password: str | None) -> None:
    door = Door(password)
    for _ in range(BURST):
        refused = door.show("another-token")
        assert isinstance(refused, NotAdmitted)
        assert refused.status == 401
        assert "another-token" not in refused.text
    waits = door.show("a-token")
    assert isinstance(waits, NotAdmitted)
    assert waits.status == 429
