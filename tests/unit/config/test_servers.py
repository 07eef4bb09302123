"""Which URLs may name a server, Redis or a ledger."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.servers import is_loopback, ledger_url, refused_as_plain, server_url


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("https://neonet.example.com", "https://neonet.example.com"),
        ("https://neonet.example.com/", "https://neonet.example.com"),
        (" HTTPS://NeoNet.Example.com:8443/Base// ", "https://neonet.example.com:8443/Base"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://[::1]:8000/", "http://[::1]:8000"),
    ],
)
def test_a_server_url_is_normalised(text: str, normal: str) -> None:
    assert server_url(text) == normal


@pytest.mark.parametrize(
    "text",
    [
        "",
        "neonet.example.com",
        "localhost:8000",
        "ftp://neonet.example.com",
        "https://",
        "https:///path",
        "https://host:0",
        "https://host:65536",
        "https://host:port",
        "https://[::1",
        "https://user@host",
        "https://user:password@host",
        "https://host?x=1",
        "https://host/#top",
        "https://ho st",
        "https://ho\nst",
        "https://host\x00",
    ],
)
def test_what_is_no_server_url_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must"):
        server_url(text)


@given(st.text(max_size=60).map(lambda tail: f"https://{tail}"))
def test_any_text_is_normalised_once_or_refused(text: str) -> None:
    try:
        once = server_url(text)
    except ValueError:
        return
    assert server_url(once) == once


@pytest.mark.parametrize("host", ["localhost", "neonet.localhost", "127.0.0.1", "127.9.9.9", "::1"])
def test_this_machine_needs_no_leave_for_plain_http(host: str) -> None:
    assert is_loopback(host)
    assert refused_as_plain(f"http://[{host}]" if ":" in host else f"http://{host}", ()) is None


@pytest.mark.parametrize("host", ["localhost.example.com", "10.0.0.5", "192.168.1.2", "0.0.0.0", "neonet.lan"])  # noqa: S104 - a value
def test_another_machine_is_refused_in_plain_http_unless_it_is_named(host: str) -> None:
    assert refused_as_plain(f"http://{host}:8000", ()) == host
    assert refused_as_plain(f"http://{host}:8000", ("elsewhere",)) == host
    assert refused_as_plain(f"http://{host}:8000", (host,)) is None
    assert refused_as_plain(f"https://{host}:8000", ()) is None


@pytest.mark.parametrize("text", ["sqlite:////var/ledger.sqlite", "postgresql+psycopg://u:p@db/fleet"])
def test_a_ledger_url_is_left_as_it_is(text: str) -> None:
    assert ledger_url(text) == text
