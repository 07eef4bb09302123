"""Orders over the API: only with a token that allows them, followed once, logged by the token's name."""

from __future__ import annotations

import base64
import http.client
import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from config.sections import WebSettings
from config.settings import Settings
from fleet.ledger.storage.places import LedgerPlace
from fleet.status.control_desk import Desk, desk_at
from fleet.tokens.token import Token, TokenScope, digest_of, new_text
from fleet.tokens.token_file import TokenFile
from fleet.web.server import WebServer
from tests.support.sites import site

TEXTS = {scope: new_text() for scope in TokenScope}
FARM = {"kind": "farm", "for": "2h", "reason": "cheap power later"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[WebServer]:
    for scope, text in TEXTS.items():
        TokenFile(tmp_path).add(Token(name=f"a-{scope}", scope=scope, digest=digest_of(text), made_ms=0), 0)
    with site(tmp_path, WebSettings(port=0, basic_auth=SecretStr("farmer:a-long-password"))) as made:
        yield made


def ask(
    server: WebServer, path: str, body: object = None, *, scope: TokenScope | None = TokenScope.CONTROL, **headers: str
) -> tuple[int, Any]:
    """The status and the JSON of an answer; a body makes it an order."""
    if scope is not None:
        headers["Authorization"] = f"Bearer {TEXTS[scope]}"
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    try:
        text = body if isinstance(body, bytes) else None if body is None else json.dumps(body)
        connection.request("GET" if body is None else "POST", f"/api/v1/{path}", text, headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def test_an_order_is_followed_shown_and_logged_by_the_tokens_name(server: WebServer) -> None:
    status, got = ask(server, "pause", FARM)
    assert status == 200
    assert got["entry"]["who"] == "token a-control"
    assert got["text"][0].startswith("the farm is paused until ")
    _, shown = ask(server, "controls", scope=TokenScope.READ)
    (control,) = shown["controls"]
    assert (control["subject"], control["action"], control["reason"]) == ("farm", "pause", "cheap power later")
    assert ask(server, "resume", {"kind": "farm"}, scope=TokenScope.ADMIN)[0] == 200
    assert ask(server, "controls")[1] == {"found": 0, "controls": []}
    _, log = ask(server, "log", scope=TokenScope.READ)
    assert [(one["change"], one["who"]) for one in log["entries"]] == [
        ("pause", "token a-control"),
        ("resume", "token a-admin"),
    ]


def test_a_password_or_a_token_to_read_is_not_enough(server: WebServer) -> None:
    right = base64.b64encode(b"farmer:a-long-password").decode()
    assert ask(server, "pause", FARM, scope=None)[0] == 401
    status, got = ask(server, "pause", FARM, scope=None, Authorization=f"Basic {right}")
    assert (status, "no token was sent" in got["error"]) == (401, True)
    status, got = ask(server, "pause", FARM, scope=TokenScope.READ)
    assert (status, "the token a-read may only read" in got["error"]) == (403, True)
    assert ask(server, "log")[1] == {"entries": []}


@pytest.mark.parametrize(
    ("path", "body", "status", "words"),
    [
        ("pause", b"{", 400, "not JSON"),
        ("pause", {"kind": "rig"}, 400, "write one of"),
        ("pause", {}, 400, 'add the field "kind", one of farm, server'),
        ("pause", {"kind": "farm", "for": "1h", "until": "06:00"}, 409, "for and until"),
        ("drain", {"kind": "farm", "for": "1h"}, 409, "has no end"),
        ("stop", {"kind": "farm"}, 405, "this address takes GET or HEAD only"),
        ("pause", {"kind": "miner", "name": "nobody"}, 409, "the farm has no miner 'nobody'"),
        ("pause", {"kind": "tag", "name": "loft"}, 409, "no miner has the tag 'loft'"),
        ("pause", {"kind": "farm", "until": "2020-01-01 06:00"}, 409, "in the past"),
        ("resume", {"kind": "farm"}, 409, "the farm is not paused"),
        ("pause", {"kind": "farm", "until": "9999-12-31 23:59"}, 409, "over ten years"),
        ("pause", {"kind": "farm", "for": "9" * 16}, 409, "over ten years"),
        ("pause", {"kind": "farm", "for": "9" * 400}, 409, "over ten years"),
        ("pause", {"kind": "farm", "stop_after": "9" * 400}, 409, "over ten years"),
    ],
)
def test_what_can_not_be_followed_is_refused_and_not_logged(
    server: WebServer, path: str, body: object, status: int, words: str
) -> None:
    got = ask(server, path, body)
    assert got[0] == status
    assert words in got[1]["error"]
    assert ask(server, "log")[1] == {"entries": []}


def test_of_two_orders_at_once_one_is_followed(server: WebServer) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: ask(server, "pause", FARM)[0], range(8)))
    assert sorted(answers) == [200] + [409] * 7
    assert len(ask(server, "log")[1]["entries"]) == 1


def test_visitors_who_ask_and_go_away_hold_up_no_order(tmp_path: Path) -> None:
    """Each of their questions would open the ledger, and wait before the operator's order."""
    TokenFile(tmp_path).add(
        Token(name="phone", scope=TokenScope.CONTROL, digest=digest_of(TEXTS[TokenScope.CONTROL]), made_ms=0), 0
    )
    place = LedgerPlace(url=f"sqlite:///{tmp_path / 'ledger.sqlite'}", simulated=False)
    opened, begun, goes_on = [], threading.Event(), threading.Event()

    def slow() -> Desk:
        opened.append(1)
        begun.set()
        assert goes_on.wait(60)
        return desk_at(Settings(), place, {}, runs=True)

    with site(tmp_path, desk=slow) as made:
        for number in range(60):
            with socket.create_connection(("127.0.0.1", made.port)) as visitor:
                visitor.sendall(b"GET /api/v1/log HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
                if not number:
                    assert begun.wait(60)
        with ThreadPoolExecutor(2) as pool:
            order, reader = pool.submit(ask, made, "pause", FARM), pool.submit(ask, made, "log", scope=None)
            goes_on.set()
            assert order.result(60)[0] == reader.result(60)[0] == 200
        assert len(opened) <= 5


def test_a_revoked_token_orders_nothing(server: WebServer, tmp_path: Path) -> None:
    TokenFile(tmp_path).remove("a-control")
    assert ask(server, "pause", FARM)[0] == 401
    assert ask(server, "log", scope=TokenScope.READ)[1] == {"entries": []}


def test_a_token_of_another_farm_orders_nothing_and_reads_nothing(server: WebServer, tmp_path: Path) -> None:
    """The other farm's token has the same name and scope as one of this farm."""
    (tmp_path / "other").mkdir()
    theirs = new_text()
    TokenFile(tmp_path / "other").add(
        Token(name="a-control", scope=TokenScope.ADMIN, digest=digest_of(theirs), made_ms=0), 0
    )
    bearer = {"Authorization": f"Bearer {theirs}"}
    for path, body in (("pause", FARM), ("controls", None), ("log", None)):
        status, answer = ask(server, path, body, scope=None, **bearer)
        assert status == 401, path
        assert theirs not in json.dumps(answer)
    assert ask(server, "log", scope=TokenScope.READ)[1] == {"entries": []}
