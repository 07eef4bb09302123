"""What the ledger keeps of a ban of this farm's address for the next start."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from fleet.domain.effects import BanChanged
from fleet.ledger.ledger import Ledger
from fleet.ledger.storage.engine import open_engine

NOW_MS = 1_800_000_000_000
HOUR_MS = 3_600_000


def kept(
    folder: Path, *, later_ms: int = 0, server: str = "server", waits_s: tuple[float | None, ...] = (300.0,)
) -> float | None:
    """What a start at `server` learns `later_ms` after another start at "server" has written down its bans."""
    url = f"sqlite:///{folder / 'ledger.db'}"
    with Ledger(open_engine(url), "server", now_ms=lambda: NOW_MS) as before:
        for wait_s in waits_s:
            before.commit([BanChanged(wait_s=wait_s)])
    with Ledger(open_engine(url), server, now_ms=lambda: NOW_MS + later_ms) as after:
        return after.ban_s()


def test_a_start_waits_for_what_is_left_of_the_stated_time(tmp_path: Path) -> None:
    assert kept(tmp_path, later_ms=100_000) == 200.0


def test_a_ban_whose_time_is_over_and_that_no_call_has_probed_lets_one_call_go(tmp_path: Path) -> None:
    assert kept(tmp_path, later_ms=400_000) == 0.0


@pytest.mark.parametrize(
    ("later_ms", "server", "waits_s"),
    [
        (0, "server", ()),
        (0, "server", (300.0, None)),
        (0, "another", (300.0,)),
        (2 * HOUR_MS, "server", (300.0,)),
        (-2 * HOUR_MS, "server", (300.0,)),
    ],
    ids=["never banned", "lifted", "by another server", "long ago", "the clock was wrong"],
)
def test_nothing_holds_a_start_back_where_no_ban_lasts(
    tmp_path: Path, later_ms: int, server: str, waits_s: tuple[float | None, ...]
) -> None:
    assert kept(tmp_path, later_ms=later_ms, server=server, waits_s=waits_s) is None


def test_the_last_of_two_refusals_counts(tmp_path: Path) -> None:
    assert kept(tmp_path, waits_s=(300.0, 120.0)) == 120.0


@pytest.mark.parametrize("value", ["", "soon", "1e300", "{}", "9" * 30])
def test_a_row_that_another_program_has_spoilt_is_no_ban(value: str) -> None:
    with Ledger(open_engine("sqlite://"), "server", now_ms=lambda: NOW_MS) as ledger:
        ledger.commit([BanChanged(wait_s=300.0)])
        with ledger._engine.begin() as connection:
            connection.execute(text("UPDATE meta SET value = :value WHERE name LIKE 'ban %'"), {"value": value})
        assert ledger.ban_s() is None
