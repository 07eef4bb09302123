"""A miner whose hardware changes: its session ends as in a drain, and a new registration states the new hardware."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from fleet.domain.answers import SessionSummary, Totals
from fleet.domain.calls import CallKind
from fleet.domain.events import Reopened, Respecified
from tests.support.miner_script import Script, accepted


def stopped(script: Script) -> Script:
    script.call(CallKind.STOP_SESSION, SessionSummary(rewards_earned=Decimal("0.3")))
    script.call(CallKind.TOTALS, Totals(total_rewards=Decimal("0.3")))
    return script


def test_the_open_job_is_submitted_before_the_session_ends_and_the_new_hardware_registered() -> None:
    script = Script().mining().fetched()
    faster = replace(script.miner.spec, cpu_cores=16)
    script.miner.on(Respecified(faster), script.now)
    submission = script.begin(CallKind.SUBMIT)
    assert submission.spec.cpu_cores == 4
    script.answer(submission, accepted())
    assert stopped(script).miner.done
    script.miner.on(Reopened(), script.now)
    assert script.begin(CallKind.REGISTER).spec == faster


def test_a_miner_that_never_registered_declares_the_new_hardware_at_once() -> None:
    script = Script()
    faster = replace(script.miner.spec, cpu_cores=16)
    script.miner.on(Respecified(faster), script.now)
    assert script.miner.done
    script.miner.on(Reopened(), script.now)
    assert script.begin(CallKind.REGISTER).spec == faster


def test_a_miner_that_is_only_closed_and_opened_again_does_not_register_again() -> None:
    script = Script().mining()
    same = script.miner.spec
    script.miner.on(Respecified(same), script.now)
    script.call(CallKind.STOP_SESSION, SessionSummary(rewards_earned=Decimal(0)))
    script.call(CallKind.TOTALS, Totals(total_rewards=Decimal(0)))
    script.miner.on(Reopened(), script.now)
    assert script.begin(CallKind.START_SESSION).spec is same
