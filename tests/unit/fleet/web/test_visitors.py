"""Only a visitor who asks by a known name and has the password is admitted; wrong ones wait."""

from __future__ import annotations

import base64

import pytest

from fleet.web.visitors import NotAdmitted, Visitors
from tasks.flower.guesses import BURST, REFILL_S

PASSWORD = "farmer:a-long-pässword"


class Door:
    """Visitors with a clock that is moved by hand."""

    def __init__(self, password: str | None = PASSWORD) -> None:
        self.now = 1000.0
        self.visitors = Visitors(
            address="127.0.0.1", names=("farm.example.com",), password=password, clock=lambda: self.now
        )

    def ask(self, password: str | None, host: str = "127.0.0.1", address: str = "10.0.0.1") -> NotAdmitted | None:
        header = "" if password is None else f"Basic {base64.b64encode(password.encode()).decode()}"
        return self.visitors.refusal(host, address, header)


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
