"""The running output: which lines are summed up or held back, and that no amount is lost by that."""

from __future__ import annotations

import io
from decimal import Decimal

from fleet.coordinator.inbox import Network
from fleet.coordinator.output.lines import Lines
from fleet.coordinator.output.output import RunOutput
from fleet.domain.answers import GasInfo
from fleet.domain.effects import Notice, NoticeKind


def _report(**stated: int) -> tuple[RunOutput, io.StringIO]:
    out = io.StringIO()
    lines = stated.get("job_lines_per_s", 20)
    return RunOutput(Lines(out), job_lines_per_s=lines, status_every_s=30, total=Decimal(0)), out


def test_the_lines_that_sum_up_have_all_that_was_paid() -> None:
    report, out = _report(job_lines_per_s=0)
    for kind, amount in ((NoticeKind.REWARD, "0.5"), (NoticeKind.INCOME, "0.25")):
        report.notice(Notice(kind=kind, miner_id="a", text="", amount=Decimal(amount), total=Decimal(1)))
    report._paced.flush(float("inf"), "2")
    assert "+0.75 NNET" in out.getvalue()


def test_a_lost_job_is_named_by_the_beginning_of_its_id_and_the_same_loss_again_is_held_back() -> None:
    report, out = _report()
    for job_id in ("4eb272db-0000", "5fc383ec-0000"):
        words = "expired: server forgot"
        notice = Notice(kind=NoticeKind.LOST_JOB, miner_id="rig-1", job_id=job_id, job_type="inference", text=words)
        report.notice(notice)
    assert out.getvalue() == "[LOST]   inference expired: server forgot  [rig-1 4eb272db]\n"


def test_a_fee_of_three_hundred_digits_is_a_short_line() -> None:
    report, out = _report()
    gas = GasInfo(
        fee_model="x", neo_transfer_fee=1e308, token_transfer_fee=-1e308, congestion_level="low", active_providers=1
    )
    report.network(Network(gas=gas, phase=None))
    assert "NEO transfer 1e+308 NEO" in out.getvalue()
    assert len(out.getvalue()) < 200
