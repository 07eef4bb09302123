"""`http.proxy`: calls go through a forward proxy where the settings say so, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleet.errors import UnknownHost, Unreachable, WrongSetting
from fleet.server.http.choice import EngineName
from fleet.server.http.interface import Request
from fleet.server.http.proxy import proxy_of
from tests.integration.test_spent_connections import waited
from tests.support.engines import transport_by
from tests.support.forward_proxy import forward_proxy
from tests.support.wrong_servers import Says, server_that

ANSWERS = Says(status=200, body=b"{}")
NAMES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def no_proxies_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the proxies of whoever runs the tests away from them."""
    for name in (*NAMES, *map(str.upper, NAMES)):
        monkeypatch.delenv(name, raising=False)


def test_http_goes_through_the_proxy_by_the_absolute_form(engine: EngineName) -> None:
    with server_that(ANSWERS) as url, forward_proxy() as proxy, transport_by(engine, proxy=proxy.url) as transport:
        for body in (None, b'{"a": 1}'):
            assert waited(transport, transport.send, Request(url=f"{url}/x", body=body)).body == b"{}"
    assert proxy.lines == [f"GET {url}/x HTTP/1.1", f"POST {url}/x HTTP/1.1"]


def test_https_goes_through_the_proxy_by_connect_and_stays_secret(engine: EngineName, tmp_path: Path) -> None:
    with (
        server_that(ANSWERS, certified_in=tmp_path) as url,
        forward_proxy() as proxy,
        transport_by(engine, proxy=proxy.url, ca_file=tmp_path / "ca.crt") as transport,
    ):
        for _ in range(3):
            assert waited(transport, transport.send, Request(url=f"{url}/x", body=b"{}")).status == 200
    asked_for = [line.rpartition(" ")[0] for line in proxy.lines]
    assert asked_for == [f"CONNECT {url.removeprefix('https://')}"], "the tunnel is kept"


def test_a_5xx_through_a_tunnel_takes_a_new_one(engine: EngineName, tmp_path: Path) -> None:
    broken = Says(status=500, body=b"no")
    with (
        server_that(broken, certified_in=tmp_path) as url,
        forward_proxy() as proxy,
        transport_by(engine, proxy=proxy.url, ca_file=tmp_path / "ca.crt") as transport,
    ):
        assert [waited(transport, transport.send, Request(url=url)).status for _ in range(3)] == [500] * 3
    assert len(proxy.lines) == 3


@pytest.mark.parametrize("tls", [False, True])
def test_user_and_password_are_given_to_the_proxy_alone(engine: EngineName, tmp_path: Path, tls: bool) -> None:
    with server_that(ANSWERS, certified_in=tmp_path if tls else None) as url, forward_proxy() as proxy:
        way = proxy.url.replace("://", "://user:secret@")
        with transport_by(engine, proxy=way, ca_file=tmp_path / "ca.crt" if tls else None) as transport:
            assert waited(transport, transport.send, Request(url=url)).status == 200
    assert b"Proxy-Authorization: Basic dXNlcjpzZWNyZXQ=\r\n" in proxy.heads[0]
    assert b"\r\nAuthorization" not in proxy.heads[0]


def test_a_proxy_that_refuses_the_tunnel_was_sent_nothing_for_the_server(engine: EngineName) -> None:
    with (
        forward_proxy(refuses="407 Proxy Authentication Required") as proxy,
        transport_by(engine, proxy=proxy.url) as transport,
        pytest.raises(Unreachable, match="407"),
    ):
        waited(transport, transport.send, Request(url="https://neonet.example", body=b"{}"))


@pytest.mark.parametrize("proxy", ["http://127.0.0.1:1", "http://no-such-host.invalid:3128"])
def test_a_proxy_that_is_not_there_makes_the_server_unreachable_and_not_unknown(engine: EngineName, proxy: str) -> None:
    with transport_by(engine, proxy=proxy) as transport, pytest.raises(Unreachable) as caught:
        waited(transport, transport.send, Request(url="https://neonet.example"))
    assert not isinstance(caught.value, UnknownHost)


def test_no_proxy_of_the_environment_is_asked_beside_the_one_that_is_set(
    engine: EngineName, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with server_that(ANSWERS) as url, forward_proxy() as proxy, transport_by(engine, proxy=proxy.url) as transport:
        assert waited(transport, transport.send, Request(url=url)).status == 200
    assert len(proxy.lines) == 1


@pytest.mark.parametrize(
    ("environ", "server", "proxy"),
    [
        ({}, "https://neonet.example", ""),
        ({"HTTPS_PROXY": "http://proxy.lan:3128"}, "https://neonet.example", "http://proxy.lan:3128"),
        ({"HTTPS_PROXY": "proxy.lan:3128"}, "https://neonet.example", "http://proxy.lan:3128"),
        ({"HTTPS_PROXY": "http://proxy.lan:3128"}, "http://neonet.lan", ""),
        ({"HTTP_PROXY": "http://proxy.lan:3128"}, "http://neonet.lan", "http://proxy.lan:3128"),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "example"}, "https://neonet.example", ""),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "10.0.0.0/8"}, "https://10.1.2.3:8443", ""),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "other.example"}, "https://neonet.example", "http://p:1"),
    ],
)
def test_env_takes_what_the_environment_says_of_this_server(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], server: str, proxy: str
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert proxy_of("env", server) == proxy


def test_a_proxy_of_another_kind_in_the_environment_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "socks5://user:secret@proxy.lan:1080")
    with pytest.raises(WrongSetting, match=r"FLEET_HTTP__PROXY=env: .* socks5://, and only http:// works") as caught:
        proxy_of("env", "https://neonet.example")
    assert "secret" not in str(caught.value)
