"""The file of a farm's keys: what was written is read, and anything else is refused without repeating it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from fleet.hosts.key_file import FarmKeys
from tests.support.signed import KEYS

_TEXT = json.loads(KEYS.encode())
_SECRET = "67" * 32


def test_keys_survive_the_file() -> None:
    both = replace(KEYS, hosts={**KEYS.hosts, "attic": None})
    assert FarmKeys.decode(both.encode()) == both


def test_a_host_that_joined_before_has_no_key() -> None:
    assert not KEYS.keyless
    attic = replace(KEYS, hosts={**KEYS.hosts, "attic": None})
    assert attic.keyless
    assert attic.worker_key("attic") is None
    assert attic.worker_key("nobody") is None


@pytest.mark.parametrize(
    "changed",
    [
        {"v": 2},
        {"v": None},
        {"job": _SECRET[:-2]},
        {"job": 5},
        {"seal": None},
        {"hosts": []},
        {"hosts": None},
        {"hosts": {"garage": "no key"}},
        {"hosts": {"garage": _SECRET + "00"}},
    ],
    ids=str,
)
def test_another_text_holds_no_keys(changed: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"version|not a file of keys") as caught:
        FarmKeys.decode(json.dumps(_TEXT | changed))
    assert _SECRET[:-2] not in str(caught.value)


@pytest.mark.parametrize("text", ["", "null", "[]", "{", '"x"', "[" * 100_000])
def test_a_text_that_is_no_object_holds_no_keys(text: str) -> None:
    with pytest.raises(ValueError, match="not a file of keys"):
        FarmKeys.decode(text)
