"""The API answers questions by JSON: to whoever may see the page, by password or token, and never with an id."""

from __future__ import annotations

import base64
import http.client
import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from config.sections import WebSettings
from fleet.exact_json import dump
from fleet.status.stated import head_stated, miner_stated
from fleet.tokens.token import Token, TokenScope, digest_of, new_text
from fleet.tokens.token_file import TOKEN_FILE, TokenFile
from fleet.web.server import WebServer
from tests.support.sites import site
from tests.support.snapshots import MARKUP, MINER, SNAPSHOT

TEXT = new_text()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[WebServer]:
    with site(tmp_path) as made:
        yield made


def ask(server: WebServer, path: str, *, method: str = "GET", **headers: str) -> tuple[int, Any]:
    """The status and the JSON of an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    try:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        assert answer.getheader("Content-Type") == "application/json"
        assert answer.getheader("Cache-Control") == "no-store"
        content = answer.read()
        return answer.status, json.loads(content, parse_float=Decimal) if content else None
    finally:
        connection.close()


def same(value: dict[str, Any]) -> Any:
    """The value as JSON gives it back."""
    return json.loads(dump(value), parse_float=Decimal)


def test_the_status_is_the_one_that_the_command_prints(server: WebServer) -> None:
    status, got = ask(server, "/api/v1/status")
    assert status == 200
    assert got.pop("coordinator")["state"] == SNAPSHOT.state
    assert got == same(head_stated(SNAPSHOT))


def test_miners_are_listed_searched_and_shown_alone(server: WebServer) -> None:
    _, got = ask(server, "/api/v1/miners?q=garage-1&sort=-ledger")
    assert got == {"found": 1, "page": 1, "pages": 1, "miners": [same(miner_stated(MINER))]}
    status, got = ask(server, f"/api/v1/miners/{MINER.name}")
    assert (status, got["miner"], got["jobs"]) == (200, MINER.name, [])


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/api/v1/miners/nobody", 404, "no miner 'nobody'"),
        ("/api/v1/hosts/%00%3Cb%3E", 404, "no host"),
        ("/api/v1/jobs/3f0e", 404, "the ledger has no job '3f0e'"),
        ("/api/v1/rewards", 404, "has: controls, history, hosts, jobs, log, miners, status"),
        ("/api/v1", 404, "the API has: controls, "),
        ("/api/v1/", 404, "the API has: controls, "),
        ("/api/v2/status", 404, "it has: controls, "),
        ("/api/v1/pause", 405, "this address takes POST only"),
        ("/api/v1/status/x", 404, "the API has no 'status/x'"),
        ("/api/v1/history?span=2y", 400, "name one of 1h, 24h, 30d"),
        ("/api/v1/history?miner=nobody", 404, "no miner 'nobody'"),
        ("/api/v1/miners?" + "&".join(f"a{number}=1" for number in range(9)), 400, "8 parts"),
    ],
)
def test_what_it_can_not_answer_it_says(server: WebServer, path: str, status: int, words: str) -> None:
    got = ask(server, path)
    assert got[0] == status
    assert words in got[1]["error"]


def test_history_has_a_step_for_each_hour_of_a_day(server: WebServer) -> None:
    status, got = ask(server, f"/api/v1/history?span=24h&miner={MINER.name}")
    assert status == 200
    assert (got["step_s"], len(got["steps"])) == (3600, 24)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_nothing_but_the_known_methods_is_taken(server: WebServer, method: str) -> None:
    status, got = ask(server, "/api/v1/status", method=method)
    assert (status, got) == (405, {"error": "this address takes GET or HEAD only"})


def test_ids_are_shortened_and_markup_is_text(tmp_path: Path) -> None:
    wallet = "neo15f0c3b9a7e2d4816a0b1c2d3e4f5061728394a5b"
    farm = replace(SNAPSHOT, miners=(replace(MINER, name=MARKUP), replace(MINER, name=wallet)))
    with site(tmp_path, latest=lambda: farm) as server:
        _, got = ask(server, "/api/v1/miners")
    assert {row["miner"] for row in got["miners"]} == {MARKUP, "neo1..4a5b"}


def test_a_token_reads_where_a_password_is_asked_for_until_it_is_revoked(tmp_path: Path) -> None:
    tokens = TokenFile(tmp_path)
    tokens.add(Token(name="phone", scope=TokenScope.READ, digest=digest_of(TEXT), made_ms=0), 0)
    right = base64.b64encode(b"farmer:a-long-password").decode()
    with site(tmp_path, WebSettings(port=0, basic_auth=SecretStr("farmer:a-long-password"))) as server:
        assert ask(server, "/api/v1/status")[0] == 401
        assert ask(server, "/api/v1/status", Authorization=f"Basic {right}")[0] == 200
        assert ask(server, "/api/v1/status", Authorization=f"Bearer {TEXT}")[0] == 200
        assert ask(server, "/api/v1/status", Authorization=f"Bearer {new_text()}")[0] == 401, "another farm's"
        tokens.remove("phone")
        status, got = ask(server, "/api/v1/status", Authorization=f"Bearer {TEXT}")
        assert status == 401
        assert "no such token" in got["error"]
        assert TEXT not in json.dumps(got)


def test_a_broken_file_of_tokens_admits_nobody_and_the_page_goes_on(tmp_path: Path) -> None:
    with site(tmp_path) as server:
        (tmp_path / TOKEN_FILE).write_text("{")
        assert ask(server, "/api/v1/status", Authorization=f"Bearer {TEXT}")[0] == 401
        assert ask(server, "/api/v1/status")[0] == 200


@pytest.mark.parametrize("path", ["/api/v1/status?token={}", "/api/v1/miners/{}", "/api/v1/{}"])
def test_a_token_in_an_address_is_refused_with_what_to_do(server: WebServer, path: str) -> None:
    # its letters are no path of the API where it stands in place of a question
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request("GET", path.format(TEXT))
    answer = connection.getresponse()
    content = answer.read().decode()
    connection.close()
    assert answer.status == 400
    assert "fleet token revoke" in content
    assert TEXT not in content
