"""What processes state of themselves: read back exactly, and nonsense is refused."""

from __future__ import annotations

import json

import pytest

from config.settings import Settings
from tasks.broker.statement import Statement, own_statement, parse_statement
from tasks.messages import WIRE_VERSION

_OWN = own_statement("0.2.0", Settings())


def test_a_statement_is_read_back() -> None:
    assert parse_statement(_OWN.encode().encode()) == _OWN
    assert (_OWN.wire, _OWN.time_limit_s, _OWN.visibility_timeout_s) == (WIRE_VERSION, 30.0, 120.0)


def test_a_statement_of_an_earlier_release_has_no_limits() -> None:
    assert parse_statement(b'{"release": "0.1.0", "wire": 2}') == Statement(release="0.1.0", wire=2)


def test_an_earlier_release_finds_its_fields() -> None:
    fields = json.loads(_OWN.encode())
    assert (fields["release"], fields["wire"]) == ("0.2.0", WIRE_VERSION)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"null",
        b"\xff",
        b'{"release": "0.1.0"}',
        b'{"release": "0.1.0", "wire": "2"}',
        b'{"release": "0.1.0", "wire": true}',
        b'{"release": "0.1.0", "wire": 0}',
        b'{"release": "0.1.0", "wire": 1e3}',
        b'{"release": "\\u001b[31mred", "wire": 2}',
        b'{"release": 1, "wire": 2}',
        b'{"release": "0.1.0", "wire": NaN}',
        b"[" * 5_000,
        b'{"release": "0.1.0", "wire": 2, "more": "' + b"x" * 4_000 + b'"}',
    ],
)
def test_another_text_is_no_statement(text: bytes) -> None:
    assert parse_statement(text) is None


@pytest.mark.parametrize("value", ["-1", "0", "1e300", '"30"', "true", "[]", "null"])
def test_an_impossible_limit_counts_as_not_stated(value: str) -> None:
    found = parse_statement(f'{{"release": "0.1.0", "wire": 2, "time_limit_s": {value}}}'.encode())
    assert found is not None
    assert found.time_limit_s is None
