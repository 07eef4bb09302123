"""The file of tokens is private, replaced whole, read after each change, and refused when it is none."""

from __future__ import annotations

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from fleet.errors import TokenRefused
from fleet.tokens.token import Token, TokenScope, digest_of, new_text
from fleet.tokens.token_file import MOST_TOKENS, TOKEN_FILE, TokenFile

NOW_MS = 1_800_000_000_000
TOKEN = Token(
    name="phone", scope=TokenScope.CONTROL, digest=digest_of(new_text()), made_ms=NOW_MS, ends_ms=NOW_MS + 1000
)
ROW = {"name": "a", "scope": "read", "sha256": "0" * 64, "made_ms": 0, "ends_ms": None}


def test_what_one_process_adds_and_removes_another_one_reads(tmp_path: Path) -> None:
    ours, theirs = TokenFile(tmp_path), TokenFile(tmp_path)
    assert theirs.tokens() == ()
    ours.add(TOKEN, NOW_MS)
    assert theirs.tokens() == (TOKEN,)
    assert ours.remove("phone") == TOKEN
    assert theirs.tokens() == ()


def test_the_file_is_private_and_holds_no_token(tmp_path: Path) -> None:
    text = new_text()
    TokenFile(tmp_path).add(replace(TOKEN, digest=digest_of(text)), NOW_MS)
    path = tmp_path / TOKEN_FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert text not in path.read_text()


def test_a_name_is_given_once_until_its_token_has_ended_or_was_revoked(tmp_path: Path) -> None:
    file = TokenFile(tmp_path)
    file.add(TOKEN, NOW_MS)
    with pytest.raises(TokenRefused, match="revoke it first"):
        file.add(replace(TOKEN, digest=digest_of("other")), NOW_MS)
    file.add(replace(TOKEN, ends_ms=None), NOW_MS + 1000)
    assert file.tokens() == (replace(TOKEN, ends_ms=None),)


def test_a_name_that_is_not_there_is_answered_by_those_that_are(tmp_path: Path) -> None:
    file = TokenFile(tmp_path)
    with pytest.raises(TokenRefused, match="the farm has: none"):
        file.remove("phone")
    file.add(TOKEN, NOW_MS)
    with pytest.raises(TokenRefused, match="no token 'tablet'; the farm has: phone"):
        file.remove("tablet")


def test_changes_at_once_lose_none(tmp_path: Path) -> None:
    tokens = [replace(TOKEN, name=f"t{number}", digest=digest_of(str(number))) for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda one: TokenFile(tmp_path).add(one, NOW_MS), tokens))
    assert {one.name for one in TokenFile(tmp_path).tokens()} == {one.name for one in tokens}


def test_there_are_not_endlessly_many(tmp_path: Path) -> None:
    file = TokenFile(tmp_path)
    rows = [
        {"name": f"t{number}", "scope": "read", "sha256": digest_of(str(number)), "made_ms": 0, "ends_ms": None}
        for number in range(MOST_TOKENS)
    ]
    (tmp_path / TOKEN_FILE).write_text(json.dumps({"v": 1, "tokens": rows}))
    with pytest.raises(TokenRefused, match="revoke those that nobody uses"):
        file.add(TOKEN, NOW_MS)


def row(**changes: object) -> str:
    return json.dumps({"v": 1, "tokens": [ROW | changes]})


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"v": 2, "tokens": []}',
        '{"v": 1, "tokens": [{}]}',
        row(name="a b"),
        row(scope="root"),
        row(sha256=""),
        row(made_ms="x"),
        row(made_ms=float("inf")),
        row(sha256=["0"] * 64),
        "[" * 100_000,
        " " * 300_000,
    ],
)
def test_a_file_that_is_no_list_of_tokens_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / TOKEN_FILE).write_text(content)
    with pytest.raises(TokenRefused, match=TOKEN_FILE):
        TokenFile(tmp_path).tokens()


def test_a_planted_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "target").write_text('{"v": 1, "tokens": []}')
    (tmp_path / TOKEN_FILE).symlink_to(tmp_path / "target")
    with pytest.raises(OSError, match="symbolic links"):
        TokenFile(tmp_path).tokens()
