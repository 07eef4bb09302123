"""Who is let in to Flower's pages."""

from __future__ import annotations

import base64

import pytest

from tasks.flower.basic_auth import admits


def header(credentials: str | bytes, scheme: str = "Basic") -> str:
    raw = credentials if isinstance(credentials, bytes) else credentials.encode()
    return f"{scheme} {base64.b64encode(raw).decode()}"


@pytest.mark.parametrize("expected", ["farmer:secret", "farmer:se,cr,et", "färmer:grün,💧", "a:b:c", "farmer: x "])
def test_the_whole_password_lets_in_whatever_its_letters(expected: str) -> None:
    assert admits(header(expected), expected)
    assert admits(header(expected, scheme="basic"), expected)


@pytest.mark.parametrize(
    "given",
    [
        "",
        "Basic",
        "Basic ???",
        "Bearer x",
        header("farmer:se"),
        header("farmer:se,cr,et "),
        header("cr"),
        header("et"),
        header("grün"),
        header(b"\xff\xfe"),
        "Basic grün",
    ],
)
def test_a_part_of_it_or_anything_else_does_not(given: str) -> None:
    assert not admits(given, "farmer:se,cr,et")


def test_bytes_of_the_environment_that_are_no_utf8_are_compared_as_they_are() -> None:
    assert admits(header(b"farmer:gr\xfcn"), b"farmer:gr\xfcn".decode("utf-8", "surrogateescape"))
