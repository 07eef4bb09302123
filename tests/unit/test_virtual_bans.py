"""Whole farms under virtual time whose address the server bans: few calls are made, and no result is lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from unittest import mock

import pytest

from fleet.domain.calls import Call
from fleet.simulator.answers import Answer
from fleet.simulator.faults import parse_fault
from tests.virtual.draw import draw_plan
from tests.virtual.plan import undisturbed
from tests.virtual.schedule import Schedule, run_seed


@pytest.mark.parametrize("seed", range(1, 5))
def test_a_ban_loses_no_result(seed: int) -> None:
    ban = parse_fault("blocked,after=15,count=1,value=20")
    run_seed(replace(undisturbed(draw_plan(seed, jobs=40)), faults=(ban,)))


@pytest.mark.parametrize("value", ["20+30", "300", "300+60"])
@pytest.mark.parametrize("miners", [1, 8])
def test_a_ban_is_waited_out_with_a_call_or_two_and_nothing_is_lost(miners: int, value: str) -> None:
    plan = undisturbed(draw_plan(3, jobs=40))
    ban = parse_fault(f"blocked,after=15,count=1,value={value}")
    lines: list[str] = []
    run_seed(replace(plan, miners=miners, faults=(ban,), mining_s=plan.mining_s + 900), trace=lines.append)
    refused = [float(line.split()[0]) for line in lines if "call_failed" in line and ": 403: " in line]
    # those that were under way when it began had left before the first refusal was read
    assert sum(at > refused[0] + 1.0 for at in refused) <= 2
    assert sum("takes calls from this address again" in line for line in lines) == 1
    again = next(number for number, line in enumerate(lines) if "takes calls from this address again" in line)
    assert sum("server pays" in line for line in lines[again:]) > 20


def jobs_with(lines: Sequence[str], word: str) -> set[str]:
    """The jobs of which the farm's lines say this word."""
    return {line.split()[4] for line in lines if line.split()[1:3] == ["farm:", word]}


@pytest.mark.parametrize("after", [20, 60, 150, 300])
def test_each_result_that_is_there_during_a_ban_of_300_s_is_paid_after_it(after: int) -> None:
    plan = undisturbed(draw_plan(3, jobs=40))
    ban = parse_fault(f"blocked,after={after},count=1,value=300")
    lines: list[str] = []
    ended = run_seed(replace(plan, miners=8, faults=(ban,), mining_s=plan.mining_s + 900), trace=lines.append)
    began, over = (
        next(number for number, line in enumerate(lines) if words in line)
        for words in ("refuses all calls from this address", "takes calls from this address again")
    )
    kept = jobs_with(lines[:over], "computed") - jobs_with(lines[:over], "reward")
    assert len(kept) >= 3
    assert jobs_with(lines[began:over], "computed"), "some kernels end during the ban"
    assert kept <= jobs_with(lines[over:], "reward")
    assert ended.jobs["assigned"] == ended.jobs["accepted"]


@pytest.mark.parametrize(("miners", "after"), [(1, 60), (4, 15), (4, 150), (8, 60), (8, 150)])
def test_the_server_gets_what_was_under_way_when_the_ban_was_read_and_nothing_more_before_its_end(
    miners: int, after: int
) -> None:
    plan = undisturbed(draw_plan(3, jobs=40))
    ban = parse_fault(f"blocked,after={after},count=1,value=300")
    lines: list[str] = []
    schedule = Schedule(replace(plan, miners=miners, faults=(ban,), mining_s=plan.mining_s + 900), trace=lines.append)
    bans, laws, came, sent = schedule.server.simulator.bans, schedule.laws, list[float](), list[float]()

    def refusal(address: str, now_s: float) -> Answer | None:
        refused = type(bans).refusal(bans, address, now_s)
        if refused is not None:
            came.append(now_s)
        return refused

    def send(call: Call, at: float) -> None:
        sent.append(at)
        type(laws).sent(laws, call, at)

    with mock.patch.object(bans, "refusal", refusal), mock.patch.object(laws, "sent", send):
        schedule.run()
    began, over = (
        next(float(line.split()[0]) for line in lines if words in line)
        for words in ("refuses all calls from this address", "takes calls from this address again")
    )
    assert over >= began + 300
    assert sum(began < at < began + 300 for at in sent) == 0
    # the network's figures, which no miner asks for, among them
    assert sum(at > began + 5 * plan.latency_s for at in came) == 0
    # beside the request that was banned
    assert len(came) <= miners
    assert sum(at > over for at in sent) > 20
