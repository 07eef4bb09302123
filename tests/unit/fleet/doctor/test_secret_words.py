"""No secret and no miner's id in the words of the doctor."""

from __future__ import annotations

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
