"""No answer to any call makes a miner ask for ever as fast as it can (I7): all pairs of a call and an answer."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fleet.domain.answers import Receipt
from fleet.domain.calls import Answer, Call, CallKind
from fleet.errors import (
    SERVER_AWAY,
    Banned,
    CallError,
    Foreign,
    Garbled,
    JobCompleted,
    JobUnknown,
    NoAnswer,
    NoSuchCall,
    NotRegistered,
    RateLimited,
    Refused,
    ServerFault,
    SessionLost,
    Unreachable,
    Unsendable,
)
from tests.support.scripted import Minute, ScriptedFarm, job

MINUTES = 6
#: calls of one miner in a minute that brings it nothing: once a second at most, and less often where it is denied
UNANSWERED, DENIED = 60, 30
#: it learns in the first one
FIRST = 75

MINING = (
    CallKind.REGISTER,
    CallKind.START_SESSION,
    CallKind.FETCH,
    CallKind.SUBMIT,
    CallKind.HEARTBEAT,
)
ERRORS: tuple[CallError, ...] = (
    Unreachable("refused"),
    RateLimited(),
    NoAnswer("hangs"),
    ServerFault(500, "Internal Server Error"),
    Garbled("no JSON"),
    NoSuchCall("404"),
    Foreign(302, "a page"),
    Banned("403"),
    NotRegistered("Contributor not registered"),
    SessionLost("No active session"),
    JobUnknown("Task not found"),
    JobCompleted("Task already completed"),
    Unsendable("no JSON"),
    Refused(403, "no"),
)


def named(value: object) -> str:
    return value.value if isinstance(value, CallKind) else type(value).__name__


def bound(*errors: CallError) -> int:
    return UNANSWERED if any(isinstance(error, SERVER_AWAY) for error in errors) else DENIED


def fruitless(minute: Minute, kinds: frozenset[CallKind]) -> int:
    """Calls of a minute in which nothing was paid; of these kinds alone where something was."""
    paid = minute.paid.total()
    return sum(count for (_, kind), count in minute.calls.items() if not paid or kind in kinds)


def holds(minutes: list[Minute], *kinds: CallKind, later: int = DENIED) -> None:
    counted = frozenset({CallKind.REGISTER, CallKind.START_SESSION, *kinds} - {CallKind.SUBMIT, CallKind.FETCH})
    counts = [fruitless(minute, counted) for minute in minutes]
    assert counts[0] <= FIRST, counts
    assert max(counts[1:]) <= later, counts
    assert any(minute.calls for minute in minutes[-3:]), "it has not given up"


@pytest.mark.parametrize("again", [True, False], ids=["the same job again", "another job each time"])
@pytest.mark.parametrize("error", ERRORS, ids=named)
@pytest.mark.parametrize("kind", MINING, ids=named)
def test_one_call_is_always_answered_so(kind: CallKind, error: CallError, *, again: bool) -> None:
    def script(call: Call) -> Answer | CallError | None:
        if call.kind is not kind:
            return None
        if not again:
            farm.held.clear()
        return error

    farm = ScriptedFarm(script)
    holds(farm.run(MINUTES), kind, later=bound(error))


@pytest.mark.parametrize("error", ERRORS, ids=named)
@pytest.mark.parametrize("kind", MINING, ids=named)
def test_one_call_is_answered_so_from_the_second_minute_on(kind: CallKind, error: CallError) -> None:
    farm = ScriptedFarm(lambda call: error if call.kind is kind and farm.now >= 60.0 else None)
    holds(farm.run(MINUTES)[1:], kind, later=bound(error))


@pytest.mark.parametrize("first", ERRORS, ids=named)
@pytest.mark.parametrize("second", ERRORS, ids=named)
def test_submissions_and_heartbeats_are_answered_so(first: CallError, second: CallError) -> None:
    answers = {CallKind.SUBMIT: first, CallKind.HEARTBEAT: second}
    farm = ScriptedFarm(lambda call: answers.get(call.kind))
    holds(farm.run(MINUTES), *answers, later=bound(first, second))


@pytest.mark.parametrize("again", [True, False], ids=["the same job again", "another job each time"])
def test_every_result_is_refused(*, again: bool) -> None:
    def script(call: Call) -> Answer | CallError | None:
        if call.kind is not CallKind.SUBMIT:
            return None
        if not again:
            farm.held.clear()
        return Receipt(accepted=False, reward=Decimal(0), error="Invalid result format")

    farm = ScriptedFarm(script)
    holds(farm.run(MINUTES))


def test_every_job_is_of_an_unknown_type() -> None:
    def script(call: Call) -> Answer | CallError | None:
        if call.kind is CallKind.FETCH:
            return job(f"{farm.now}", job_type="quantum_annealing", problem="unknown job type")
        return Receipt(accepted=False, reward=Decimal(0), error="Invalid result format")

    farm = ScriptedFarm(lambda call: script(call) if call.kind in {CallKind.FETCH, CallKind.SUBMIT} else None)
    holds(farm.run(MINUTES))


def test_a_paid_job_is_given_for_ever() -> None:
    def script(call: Call) -> Answer | CallError | None:
        if call.kind is CallKind.FETCH:
            return job("the only one")
        if call.kind is CallKind.SUBMIT and farm.minutes[0].paid:
            return JobCompleted("Task already completed")
        return None

    farm = ScriptedFarm(script)
    holds(farm.run(MINUTES))


def test_a_miner_that_is_paid_is_never_slowed_down_by_what_went_wrong_before() -> None:
    farm = ScriptedFarm(
        lambda call: SessionLost("No active session") if call.kind is CallKind.SUBMIT and farm.now < 300.0 else None
    )
    minutes = farm.run(8)
    assert not sum(minute.paid.total() for minute in minutes[:5])
    sound = ScriptedFarm(lambda _: None).run(1)[0].paid.total()
    assert minutes[-1].paid.total() >= 0.95 * sound


def test_one_refusal_in_ten_slows_nobody_down() -> None:
    numbers = iter(range(10**9))
    sound = ScriptedFarm(lambda _: None).run(2)[-1].paid.total()
    refusal = Receipt(accepted=False, reward=Decimal(0), error="no")
    farm = ScriptedFarm(lambda call: refusal if call.kind is CallKind.SUBMIT and next(numbers) % 10 == 0 else None)
    assert farm.run(2)[-1].paid.total() >= 0.75 * sound
