"""What processes state of themselves: read back exactly, and nonsense is refused."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from config.settings import Settings
from tasks.broker.statement import Statement, own_statement, parse_statement
from tasks.wire_versions import WIRE_VERSION

_OWN = own_statement("0.2.0", Settings())


def test_a_statement_is_read_back() -> None:
    assert parse_statement(_OWN.encode().encode()) == _OWN
    assert (_OWN.wire, _OWN.time_limit_s, _OWN.visibility_timeout_s) == (WIRE_VERSION, 30.0, 120.0)


def test_why_a_worker_pauses_is_read_back_cut_and_without_control_characters() -> None:
    paused = replace(_OWN, pauses="it is hot: 86 °C")
    assert parse_statement(paused.encode().encode()) == paused
    found = parse_statement(replace(_OWN, pauses="\x1b[31m" + "x" * 300).encode().encode())
    assert found is not None
    assert found.pauses == "?[31m" + "x" * 195
    found = parse_statement(b'{"release": "0.1.0", "wire": 2, "pauses": ["x"]}')
    assert found is not None
    assert found.pauses == ""


def test_a_statement_of_an_earlier_release_has_no_limits() -> None:
    assert parse_statement(b'{"release": "0.1.0", "wire": 2}') == Statement(release="0.1.0", wire=2)


def test_a_release_understands_the_one_before_it_and_the_one_after_it() -> None:
    """Version 3 is first read, then written; then 2 is not read any more."""
    first = Statement(release="0.1.0", wire=2)
    reads = Statement(release="0.2.0", wire=3, oldest_wire=2, written_wire=2)
    writes = replace(reads, written_wire=3)
    last = replace(reads, wire=4, oldest_wire=3, written_wire=3)
    releases = (first, reads, writes, last)
    for number, one in enumerate(releases):
        for other_number, other in enumerate(releases):
            assert one.understands(other) is (abs(number - other_number) < 2), (one, other)
    assert [one.spoken for one in releases] == ["2", "2 to 3", "2 to 3", "3 to 4"]


@pytest.mark.parametrize("name", ["oldest_wire", "written_wire"])
@pytest.mark.parametrize("version", ["0", "3", "true", '"2"', "1.5", "null"])
def test_an_oldest_or_written_version_that_makes_no_sense_counts_as_unsaid(name: str, version: str) -> None:
    found = parse_statement(f'{{"release": "0.1.0", "wire": 2, "{name}": {version}}}'.encode())
    assert found == Statement(release="0.1.0", wire=2)


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
