"""Of a URL with a password only the kind of the service is shown."""

from __future__ import annotations

import pytest

from fleet.alerts.secret_urls import masked, scheme_of


@pytest.mark.parametrize(
    ("url", "scheme"),
    [("mailtos://u:p@example.com", "mailtos"), ("tgram://123:abc/1", "tgram"), ("no url", "?"), ("a b://c", "?")],
)
def test_the_scheme_is_what_may_be_shown(url: str, scheme: str) -> None:
    assert scheme_of(url) == scheme


def test_a_library_s_text_loses_every_part_of_the_url() -> None:
    url = "json://owner:hunter2-long@hooks.example.com/a-secret-path?token=abcd1234"
    text = masked(f"Failed to send JSON to {url}: refused by hooks.example.com, abcd1234", url)
    for part in ("owner", "hunter2-long", "hooks", "a-secret-path", "abcd1234"):
        assert part not in text
    assert text.startswith("Failed to send JSON to json://")
