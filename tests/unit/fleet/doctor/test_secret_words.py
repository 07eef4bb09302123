"""No secret and no miner's id in the words of the doctor."""

from __future__ import annotations

import base64

import pytest

from config.load import load
from fleet.doctor.secret_words import hider

_ENVIRON = {
    "FLEET_REDIS_URL": "redis://coordinator:red%2Fis-secret@10.0.0.5:6379/0",
    "FLEET_LEDGER_URL": "postgresql+psycopg://fleet:ledger-secret@db.lan/fleet",
    "FLEET_HTTP__PROXY": "http://me:proxy-secret@proxy.lan:3128",
    "FLEET_FLOWER__BASIC_AUTH": "farmer:flower-secret",
    "FLEET_WEB__BASIC_AUTH": "farmer:page-secret",
    "FLEET_WEB__METRICS_TOKEN": "a-token-of-sixteen",
    "FLEET_ID": "my_miner_0001",
}


def test_no_password_of_the_settings_is_shown_plain_or_escaped() -> None:
    hide = hider(load(environ=_ENVIRON))
    text = "red%2Fis-secret red/is-secret ledger-secret proxy-secret flower-secret page-secret a-token-of-sixteen"
    assert hide(text) == " ".join(["********"] * 7)


def test_no_id_is_shown_neither_of_the_settings_nor_any_address() -> None:
    hide = hider(load(environ=_ENVIRON))
    address = "neo15f0c3b9a7e2d4816a0b1c2d3e4f5061728394a5b"
    shown = hide(f"MY_MINER_0001 and {address}")
    assert "miner_0001" not in shown.lower()
    assert address not in shown


@pytest.mark.parametrize("before", ["", "x", "xy", "xyz"])
@pytest.mark.parametrize("after", ["", "x", "xy"])
@pytest.mark.parametrize("secret", ["page-secret", "red/is-secret", "my_miner_0001", "a-long-topic"])
def test_no_secret_is_shown_in_base64_wherever_it_begins(secret: str, before: str, after: str) -> None:
    hide = hider(load(environ=_ENVIRON | {"FLEET_ALERTS__URLS": "ntfys://ntfy.example.com/a-long-topic"}))
    raw = f"{before}{secret}{after}".encode()
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        text = encode(raw).decode()
        for shown in (text, text.rstrip("="), f"abc{text}"):
            assert shown not in hide(f"Authorization: Basic {shown} was sent")


def test_further_secrets_and_ids_are_hidden_and_the_rest_of_a_text_stays() -> None:
    hide = hider(load(environ=_ENVIRON), ["own-redis-password"], {"my_miner_0002": "attic"})
    kept = (
        "2026-01-01T00:00:00Z WARNING fleet.coordinator.loop: https://neonet.example.com/api answers 5d41402abc4b2a76"
    )
    assert hide(kept) == kept
    assert hide("own-redis-password of MY_MINER_0002") == "******** of attic"
