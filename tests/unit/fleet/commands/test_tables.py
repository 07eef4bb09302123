"""What people read: tables that lose no digit, the lines at a run's start, and the table at its end."""

from __future__ import annotations

import io
from decimal import Decimal

import pytest
from rich.console import Console

from fleet.commands.closing import print_closing
from fleet.commands.tables import add, table
from fleet.coordinator.lines import Lines
from fleet.coordinator.output import Report
from fleet.domain.effects import Notice, NoticeKind
from fleet.domain.jobs import MinerSpec

AMOUNT = "283.7011904761904764283701190476190476"


def test_a_narrow_terminal_folds_an_amount_and_cuts_none() -> None:
    made, out = table(("", "amount")), io.StringIO()
    add(made, ("", AMOUNT))
    Console(file=out, width=20).print(made)
    assert "".join(out.getvalue().split()) == f"amount{AMOUNT}"


def test_what_is_in_square_brackets_is_no_markup() -> None:
    made, out = table(("server",)), io.StringIO()
    add(made, ("[red]farm[/red]",))
    Console(file=out).print(made)
    assert "[red]farm[/red]" in out.getvalue()


def test_a_run_closes_with_every_sum_and_what_became_of_its_jobs(capsys: pytest.CaptureFixture[str]) -> None:
    row = {"ledger_nnet": Decimal(AMOUNT), "server_nnet": None, "difference_nnet": None}
    miners = {f"rig-{n:02d}": row for n in range(41)}
    jobs = {"assigned": 7, "already_completed": 2}
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
    assert said.count(AMOUNT) == 41, "forty miners and all of them"
    assert "… 1 more" in said
    assert "not stated" in said
    assert "jobs: 7 assigned · 2 already completed" in said
    assert "not real" in said
    assert "this run's jobs: 7 assigned" in said
    assert "0.5 NNET booked since 2026-11-26T02:37:03Z" in said
    assert "the whole ledger's jobs: 9 assigned; 12 NNET booked" in said
    words = "the server did not state the closing total of 41 miners; its last answer was at 2026-11-26T02:37:04Z"
    assert f"books NOT compared: {words}" in said


def _report(**told: int) -> tuple[Report, io.StringIO]:
    out = io.StringIO()
    lines = told.get("job_lines_per_s", 20)
    return Report(Lines(out), job_lines_per_s=lines, status_every_s=30, total=Decimal(0)), out


@pytest.mark.parametrize(
    ("specs", "words"),
    [
        ([MinerSpec(miner_id="a"), MinerSpec(miner_id="b")], "CPU cores: 4 a miner    GPU: none"),
        (
            [MinerSpec(miner_id="a", gpu_memory_mb=8192, gpu_model="RTX 4090")] * 2,
            "CPU cores: 4 a miner    GPU: RTX 4090 (8192 MB)",
        ),
        (
            [MinerSpec(miner_id="a", cpu_cores=16, gpu_memory_mb=8192, gpu_model="RTX 4090"), MinerSpec(miner_id="b")],
            "CPU cores: 4 to 16 a miner    GPU: 1 × RTX 4090 (8192 MB)",
        ),
    ],
)
def test_the_banner_says_what_all_miners_declare(specs: list[MinerSpec], words: str) -> None:
    report, out = _report()
    report.banner(server="https://neonet.example.com", simulated=False, specs=specs, ledger="ledger.sqlite")
    assert words in out.getvalue().splitlines()


def test_the_lines_that_sum_up_have_all_that_was_paid() -> None:
    report, out = _report(job_lines_per_s=0)
    for kind, amount in ((NoticeKind.REWARD, "0.5"), (NoticeKind.INCOME, "0.25")):
        report.notice(Notice(kind=kind, miner_id="a", text="", amount=Decimal(amount), total=Decimal(1)))
    report._flush(0.0)
    assert "+0.75 NNET" in out.getvalue()


def test_a_lost_job_is_named_by_the_beginning_of_its_id_and_the_same_loss_again_is_held_back() -> None:
    report, out = _report()
    for job_id in ("4eb272db-0000", "5fc383ec-0000"):
        words = "expired: server forgot"
        notice = Notice(kind=NoticeKind.LOST_JOB, miner_id="rig-1", job_id=job_id, job_type="inference", text=words)
        report.notice(notice)
    assert out.getvalue() == "[LOST]   inference expired: server forgot  [rig-1 4eb272db]\n"
