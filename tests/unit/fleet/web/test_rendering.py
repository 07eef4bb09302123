"""Texts of the farm's own show their commands as such, and nothing in them becomes markup."""

from __future__ import annotations

import pytest

from fleet.health.kinds import KINDS
from fleet.status.snapshot import Severity, Wrong
from tests.support.snapshots import AT_MS, snapshot
from tests.support.web_world import Elements, World


def helped(text: str) -> str:
    """The overview of a farm in which something is wrong, and this helps."""
    one = Wrong(kind="outage", subject="farm", severity=Severity.WARN, text="No.", help=text, since_ms=AT_MS)
    return World(farm=snapshot(wrong=(one,))).page("/")[1]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Try `fleet doctor`, or `fleet log`.", "Try <code>fleet doctor</code>, or <code>fleet log</code>."),
        ("Try `<b>`.", "Try <code>&lt;b&gt;</code>."),
        ("A ` alone & <i>", "A ` alone &amp; &lt;i&gt;"),
    ],
)
def test_what_stands_between_backticks_is_a_command(text: str, shown: str) -> None:
    assert f'<p class="help">{shown}</p>' in helped(text)


def test_no_help_shows_a_backtick() -> None:
    for kind in KINDS.values():
        assert "`" not in "".join(Elements(helped(kind.help)).words)


def test_a_chart_of_which_nothing_is_read_shows_no_sum() -> None:
    assert "<strong>\u2013 NNET</strong> in 1 h" in helped("x")
