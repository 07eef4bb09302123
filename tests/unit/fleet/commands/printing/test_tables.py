"""What people read: tables of which nothing is cut, and the table at a run's end."""

from __future__ import annotations

import io
from decimal import Decimal

import pytest
from rich.console import Console

from fleet.commands.printing.closing import print_closing
from fleet.commands.printing.tables import Sheet, add, console, line, table

AMOUNT = "283.7011904761904764283701190476190476"


def test_a_narrow_terminal_folds_an_amount_and_cuts_none() -> None:
    made, out = table(("", "amount")), io.StringIO()
    add(made, ("", AMOUNT))
    Console(file=out, width=20).print(made)
    assert "".join(out.getvalue().split()) == f"amount{AMOUNT}"


def said(text: str, *, on_terminal: bool) -> str:
    out = io.StringIO()
    line(Console(file=out, width=30, force_terminal=on_terminal, color_system=None), text)
    return out.getvalue()


def test_a_long_line_is_wrapped_between_words_and_indented_on_a_terminal_alone() -> None:
    text = "2026-11-26  miner-01  server forgot: it is new"
    assert said(text, on_terminal=True) == "2026-11-26  miner-01  server\n  forgot: it is new\n"
    assert said(text, on_terminal=False) == f"{text}\n"


def test_a_name_between_colons_is_not_replaced_by_a_picture(capsys: pytest.CaptureFixture[str]) -> None:
    line(console(), "miner :key: at :warning:")
    assert capsys.readouterr().out == "miner :key: at :warning:\n"


def sheet(*, exact: bool = False) -> Sheet:
    made = Sheet(("miner", "in ledger", "server says", "at"), amounts=("in ledger", "server says"), exact=exact)
    made.add(("rig-01", Decimal(AMOUNT), None, "2026-11-26T02:37:03Z"))
    made.add(("rig-02", Decimal("36.5"), Decimal(36), "2026-11-26T02:37:04Z"))
    return made


def printed(made: Sheet, width: int) -> str:
    out = io.StringIO()
    made.print(Console(file=out, width=width))
    return out.getvalue()


def test_amounts_stand_with_their_points_below_each_other_and_say_that_they_are_rounded() -> None:
    assert printed(sheet(), 80).splitlines() == [
        "miner   in ledger  server says  at                  ",
        "rig-01  283.70119   not stated  2026-11-26T02:37:03Z",
        "rig-02   36.5               36  2026-11-26T02:37:04Z",
        "amounts are rounded to six decimals; --exact shows all digits",
    ]


def test_an_exact_sheet_has_all_digits_and_no_word_of_rounding() -> None:
    said = printed(sheet(exact=True), 100)
    assert AMOUNT in said
    assert "rounded" not in said


def test_a_sheet_that_is_wider_than_the_terminal_becomes_blocks_with_each_cell_whole() -> None:
    said = printed(sheet(exact=True), 60)
    assert said.splitlines()[:4] == [
        "rig-01",
        f"  in ledger    {AMOUNT}",
        "  server says  not stated",
        "  at           2026-11-26T02:37:03Z",
    ]


def test_what_is_in_square_brackets_is_no_markup() -> None:
    made, out = table(("server",)), io.StringIO()
    add(made, ("[red]farm[/red]",))
    Console(file=out).print(made)
    assert "[red]farm[/red]" in out.getvalue()


def test_a_run_closes_with_every_sum_and_what_became_of_its_jobs(capsys: pytest.CaptureFixture[str]) -> None:
    row = {"ledger_nnet": Decimal(AMOUNT), "server_nnet": None, "difference_nnet": None}
    miners = {f"rig-{n:02d}": row for n in range(41)}
    jobs = {"assigned": 7, "already_completed": 2, "rejected": 0}
    scope = {"jobs": jobs, "booked_nnet": Decimal("0.5"), "since": "2026-11-26T02:37:03Z"}
    ledger = scope | {"jobs": {"assigned": 9}, "booked_nnet": 12}
    figures = {
        "rewards": row | {"per_miner": miners},
        "jobs": jobs,
        "scopes": {"run": scope, "ledger": ledger},
        "books": {
            "compared": False,
            "stated": 0,
            "not_stated": 41,
            "no_session": 0,
            "answered_at": "2026-11-26T02:37:04Z",
            "before_base_nnet": Decimal(0),
            "base_at": None,
        },
        "nothing_mined": None,
        "simulated": True,
    }
    print_closing(figures, to_stderr=False)
    said = capsys.readouterr().out
    assert said.count("283.70119 ") == 41, "forty miners and all of them"
    assert "… 1 more" in said
    assert "not stated" in said
    assert "jobs: 7 assigned · 2 already completed\n" in said, "without the counts of zero"
    assert "not real" in said
    assert "this run: 0.5 NNET booked since 2026-11-26T02:37:03Z\n  jobs: 7 assigned" in said
    assert "all runs at this server: 12 NNET booked since 2026-11-26T02:37:03Z\n  jobs: 9 assigned\n" in said
    words = "the server stated no closing total for 41 miners\n  the last answer was at 2026-11-26T02:37:04Z"
    assert f"books NOT compared: {words}" in said
