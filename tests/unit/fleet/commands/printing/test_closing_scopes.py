"""What the closing lines say of miners without a session, and of money from before the base."""

from __future__ import annotations

import io
import random
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from fleet.commands.printing.closing import print_closing
from fleet.coordinator.output.lines import Lines
from fleet.coordinator.output.output import RunOutput
from fleet.coordinator.output.summary import summary
from fleet.coordinator.output.tally import RunTally
from fleet.domain.answers import Registration, Totals
from fleet.domain.effects import Effect, Notice, NoticeKind
from fleet.domain.jobs import MinerSpec
from fleet.domain.saved_state import SavedMiner
from fleet.miner.miner import Miner
from fleet.miner.policy import Policy
from fleet.money.balance import MinerAccount
from fleet.money.scopes import Scope, Scopes, Standing
from fleet.ratelimit.governor import Governor
from tests.support.all_open import all_open

BASE_MS = 1_800_000_000_000
BEFORE, SINCE = Decimal("850.4733333333333334"), Decimal("1721.2957142857142857")
NOTHING = SavedMiner(base_total=Decimal(0))
FORGOTTEN = "the server forgot what it paid this miner: it stays booked, and the comparison starts over"
EARNED = SavedMiner(
    booked=BEFORE + SINCE, payments=2, base_total=Decimal(0), base_booked=BEFORE, base_jobs=0, jobs_since_base=1
)


def miner(number: int, saved: SavedMiner, *, compared: bool) -> Miner:
    made = Miner(MinerSpec(miner_id=f"rig-{number:02d}"), Policy(), saved, random.Random(1), 0.0)
    made._lifecycle.compared = compared
    if compared:
        made.account.compare(Totals(total_rewards=made.account.since_base))
    return made


def closed(miners: list[Miner]) -> dict[str, Any]:
    scope = Scope(since_ms=BASE_MS, jobs={"assigned": 1}, sums={})
    farm = all_open(miners, Governor(requests=5000, window_s=60.0, miners=len(miners), heartbeat_s=30.0))
    figures = summary(
        farm=farm,
        names={one.spec.miner_id: one.spec.miner_id for one in miners},
        scopes=Scopes(run=scope, ledger=scope, since_base=scope),
        standings={one.spec.miner_id: Standing(base_ms=BASE_MS, stated_ms=BASE_MS + 9000) for one in miners},
        tally=RunTally(),
        verdict=None,
        duration_s=10.0,
    )
    return {"server": "http://server", "simulated": False} | figures


def said(figures: Mapping[str, Any], capsys: pytest.CaptureFixture[str]) -> str:
    print_closing(figures, to_stderr=False, exact=True)
    return capsys.readouterr().out


def test_money_from_before_the_base_is_stated_with_the_time_of_the_base(capsys: pytest.CaptureFixture[str]) -> None:
    figures = closed([miner(1, EARNED, compared=True), miner(2, EARNED, compared=True)])
    assert figures["books"]["before_base_nnet"] == 2 * BEFORE
    assert figures["books"]["base_at"] == "2027-01-15T08:00:00Z"
    words = "\n  the server's totals restarted, last at 2027-01-15T08:00:00Z"
    assert f"{2 * BEFORE} NNET booked before the base are not compared{words}" in said(figures, capsys)


def test_where_all_money_is_compared_no_line_speaks_of_an_earlier_base(capsys: pytest.CaptureFixture[str]) -> None:
    figures = closed([miner(1, SavedMiner(booked=SINCE, payments=1, base_total=Decimal(0)), compared=True)])
    assert figures["books"]["before_base_nnet"] == 0
    assert figures["books"]["base_at"] is None
    words = said(figures, capsys)
    assert "before the base" not in words
    assert "had no session" not in words


def test_miners_without_a_session_leave_the_sum_of_the_others_as_stated(capsys: pytest.CaptureFixture[str]) -> None:
    idle = [miner(number, NOTHING, compared=False) for number in range(45)]
    figures = closed([*idle, miner(45, EARNED, compared=True)])
    rewards, books = figures["rewards"], figures["books"]
    assert (books["compared"], books["stated"], books["not_stated"], books["no_session"]) == (True, 1, 0, 45)
    assert rewards["server_nnet"] == rewards["ledger_nnet"] == SINCE
    assert rewards["difference_nnet"] == 0
    assert figures["scopes"]["since_base"]["server_nnet"] == SINCE
    words = said(figures, capsys)
    assert re.search(rf"^all +{SINCE} +{SINCE} +0 *$", words, re.MULTILINE), words
    assert "books compared: the server stated every total" in words
    assert "nothing to compare, since they had no session: 45 of 46 miners" in words


def test_one_miner_whose_total_is_missing_blanks_the_sum_and_the_books(capsys: pytest.CaptureFixture[str]) -> None:
    numbered = [miner(0, NOTHING, compared=False), miner(1, EARNED, compared=False), miner(2, EARNED, compared=True)]
    figures = closed(numbered)
    assert figures["rewards"]["server_nnet"] is figures["rewards"]["difference_nnet"] is None
    assert figures["books"]["compared"] is False
    words = said(figures, capsys)
    assert re.search(r"^all +\S+ +not stated +not stated *$", words, re.MULTILINE), words
    assert "stated no closing total for 1 miners" in words


def test_where_no_miner_had_a_session_no_total_is_made_up(capsys: pytest.CaptureFixture[str]) -> None:
    figures = closed([miner(0, NOTHING, compared=False)])
    assert figures["rewards"]["server_nnet"] is figures["rewards"]["difference_nnet"] is None
    assert "nothing to compare: no miner had a session" in said(figures, capsys)


def warned(effects: list[Effect]) -> list[Notice]:
    return [one for one in effects if isinstance(one, Notice) and one.kind is NoticeKind.ANOMALY]


def test_a_base_that_moves_because_the_server_forgot_is_one_warning_a_farm() -> None:
    out = io.StringIO()
    report = RunOutput(Lines(out), job_lines_per_s=20, status_every_s=30, total=Decimal(0))
    for number in range(3):
        notices = warned(MinerAccount(f"rig-{number}", EARNED).registered(Registration(new=True), unresolved=False))
        assert [one.text for one in notices] == [FORGOTTEN]
        report.notice(notices[0])
    assert out.getvalue() == f"[WARN]   {FORGOTTEN}  [rig-0]\n"


def test_a_server_that_forgot_a_miner_without_pay_is_no_warning() -> None:
    assert warned(MinerAccount("rig-0", NOTHING).registered(Registration(new=True), unresolved=False)) == []
