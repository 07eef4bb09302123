"""The figures of each server: what was booked there, and whether it is mined at."""

from __future__ import annotations

from decimal import Decimal

from fleet.coordinator.farms import together
from fleet.coordinator.observing.server_rows import Account, ServerRows
from fleet.coordinator.pending import TurnEffects
from fleet.domain.amounts import EntryKind
from fleet.domain.effects import Booked
from fleet.domain.jobs import Entry
from fleet.server.prospect import Prospect
from tests.support.one_miner_farms import PAID, REJECTED, bans, farm, rejects

NOW_MS = 1_800_000_000_000


def account(key: str, booked: int = 0) -> Account:
    return Account(
        key=key,
        name=key,
        ledger_name=f"https://{key}",
        farm=farm(f"miner-{key}"),
        prospect=Prospect(f"https://{key}", mined=True, patience_s=None, now=0.0),
        booked=Decimal(booked),
    )


def payment(server: str, amount: str) -> TurnEffects:
    entry = Entry(
        miner_id=f"miner-{server}", kind=EntryKind.JOB, amount=Decimal(amount), confirmed=True, session_id="s"
    )
    return TurnEffects(server=server, writes=[Booked(entry=entry)])


def test_each_server_has_its_own_sums() -> None:
    rows = ServerRows([account("a", 10), account("b")], 0.0, NOW_MS)
    rows.today("a", Decimal(3))
    rows.committed(payment("a", "0.5"), 1.0)
    rows.committed(payment("b", "0.25"), 1.0)
    first, second = rows.rows(2.0, NOW_MS)
    assert (first.ledger, first.today, first.recent) == (Decimal("10.5"), Decimal("3.5"), Decimal("0.5"))
    assert (second.ledger, second.today, second.recent) == (Decimal("0.25"), Decimal("0.25"), Decimal("0.25"))
    assert (first.state, first.miners, first.requests.limit) == ("mining", 1, 100)


def test_a_row_says_what_a_server_does() -> None:
    first, second = account("a"), account("b")
    rows = ServerRows([first, second], 0.0, NOW_MS)
    bans(first.farm, 1.0)
    usual, now = 30.0, 31.0
    rejects(second.farm, PAID, 1, usual)
    rejects(second.farm, REJECTED, now, now + 120.0)
    assert [row.state for row in rows.rows(now + 120.0, NOW_MS)] == ["banned", "unpaid"]


def test_several_farms_are_banned_or_away_only_if_all_are() -> None:
    first, second = farm("a"), farm("b")
    both = together({"a": first, "b": second})
    bans(first, 1.0)
    assert both.server.banned(2.0) == ""
    bans(second, 1.0)
    assert both.server.banned(2.0).startswith("a: the server refuses all calls")
    assert (both.governor.limit, both.governor.window_s) == (200, 60.0)


def test_the_only_farm_is_shown_itself() -> None:
    only = farm("a")
    assert together({"": only}) is only
