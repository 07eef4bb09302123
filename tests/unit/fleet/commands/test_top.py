"""`fleet top` says what it lacks: Textual, or a terminal."""

from __future__ import annotations

import sys

import pytest
from click.testing import CliRunner

from fleet.commands.exits import EX_UNAVAILABLE
from fleet.commands.top import top


@pytest.mark.parametrize(
    ("there", "said"), [(False, "pip install 'neonet-fleet[top]'"), (True, "`fleet status` prints the same figures")]
)
def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, there: bool, said: str) -> None:
    if not there:
        monkeypatch.setitem(sys.modules, "textual", None)
    done = CliRunner().invoke(top)
    assert (done.exit_code, said in done.output) == (EX_UNAVAILABLE, True)
