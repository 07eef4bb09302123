"""A token is found by its digest alone, while it lasts, and its scope includes the smaller ones."""

from __future__ import annotations

from itertools import pairwise

import pytest

from fleet.tokens.token import PREFIX, Token, TokenScope, digest_of, find, holds_token, is_name, new_text

NOW_MS = 1_800_000_000_000


def token(text: str, *, name: str = "phone", ends_ms: int | None = None) -> Token:
    return Token(name=name, scope=TokenScope.READ, digest=digest_of(text), made_ms=NOW_MS, ends_ms=ends_ms)


def test_a_token_is_found_by_its_text_and_kept_without_it() -> None:
    text = new_text()
    kept = token(text)
    assert find(text, [token(new_text(), name="other"), kept], NOW_MS) is kept
    assert text not in repr(kept)


@pytest.mark.parametrize(
    "change", [str.lower, str.strip, lambda text: text[:-1], lambda text: f"{text}x", lambda _: ""]
)
def test_a_text_that_only_resembles_it_is_none(change: object) -> None:
    text = new_text()
    changed = change(f"{text} ")[:-1] if change is str.strip else change(text)  # type: ignore[operator]
    assert find(changed, [token(text)], NOW_MS) is None


def test_texts_that_no_header_holds_are_compared_too() -> None:
    assert find("\udcff", [token(new_text())], NOW_MS) is None


def test_a_token_ends_at_its_time() -> None:
    text = new_text()
    kept = token(text, ends_ms=NOW_MS + 1000)
    assert find(text, [kept], NOW_MS + 999) is kept
    assert find(text, [kept], NOW_MS + 1000) is None


def test_each_scope_includes_those_before_it() -> None:
    for smaller, larger in pairwise(TokenScope):
        assert larger.allows(smaller)
        assert smaller.allows(smaller)
        assert not smaller.allows(larger)


def test_new_tokens_differ_and_are_recognised_in_a_text() -> None:
    texts = {new_text() for _ in range(100)}
    assert len(texts) == 100
    assert all(text.startswith(PREFIX) and holds_token(f"/status?key={text}&x=1") for text in texts)
    assert not holds_token("/status?key=neofleet_")


@pytest.mark.parametrize("name", ["phone", "ops.1", "a" * 40, "0_-."])
def test_usual_names_are_taken(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize("name", ["", "-x", "a b", "a" * 41, "a\n", "naïve", "<b>", "a/b"])
def test_other_names_are_not(name: str) -> None:
    assert not is_name(name)
