"""A farm on a real ledger, whose answers and results come in any order, twice, late or never: I1 to I3 hold.

One file: it is one state machine, whose rules share the farm that they disturb.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from unittest import mock

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from fleet.coordinator.scheduling.scheduler import Farm
from fleet.domain.calls import Answer, Call, Reply
from fleet.domain.events import Published
from fleet.domain.jobs import MinerSpec
from fleet.errors import CallError, NoAnswer, Unreachable
from fleet.ledger.ledger import Ledger
from fleet.miner.backoff import Backoff
from fleet.miner.miner import Miner
from fleet.miner.policy import Policy
from fleet.ratelimit.governor import Governor
from tasks.jobtypes import JOB_TYPES
from tasks.messages import JobMessage, Outcome, ResultMessage
from tests.support.all_open import all_open
from tests.support.machines import REPEATABLE
from tests.virtual.draw import draw_plan
from tests.virtual.final_laws import FinalLaws
from tests.virtual.laws import Laws
from tests.virtual.plan import undisturbed
from tests.virtual.planted import PLANTED
from tests.virtual.schedule import emptied_engine
from tests.virtual.server import Server, VirtualClient, ran
from tests.virtual.timeline import EPOCH_S, ThreadTime, Timeline

#: nothing happens by itself: what goes wrong, and when, is a rule's
QUIET = replace(undisturbed(draw_plan(1)), server_limit=5000)
#: turns after which a drain does not end
PATIENCE = 500

SETTINGS = settings(REPEATABLE, max_examples=20, stateful_step_count=40)

which = st.integers(0, 10_000)


class Mining(RuleBasedStateMachine):
    """Miners at one server. Calls and messages that are under way wait here until a rule lets them arrive, or not."""

    calls: list[Call]
    messages: list[JobMessage]
    farm: Farm
    ledger: Ledger

    def __init__(self) -> None:
        super().__init__()
        self.engine = emptied_engine()
        self.sound = False

    @initialize(dialect=st.sampled_from("abc"), miners=st.integers(1, 2), reconcile_s=st.sampled_from((0.0, 40.0)))
    def begins(self, *, dialect: str, miners: int, reconcile_s: float) -> None:
        self.plan = replace(QUIET, dialect=dialect, miners=miners, reconcile_s=reconcile_s)
        self.timeline = Timeline()
        self.server = Server(self.plan, self.timeline)
        self.client = VirtualClient(self.server)
        self.laws = Laws(self.plan, self.timeline, self.server)
        self.born()

    @rule(number=which, fate=st.sampled_from(("answered", "answered", "answered", "lost before", "lost after")))
    @precondition(lambda self: self.calls)
    def a_call_ends(self, number: int, fate: str) -> None:
        with self.step():
            call = self.calls.pop(number % len(self.calls))
            self.reply(call, fate)

    @rule(number=which, computed=st.booleans(), again=st.booleans())
    @precondition(lambda self: self.messages)
    def an_attempt_ends(self, number: int, computed: bool, again: bool) -> None:
        with self.step():
            at = number % len(self.messages)
            message = self.messages[at] if again else self.messages.pop(at)
            self.farm.on_result(self.result(message, computed=computed), self.timeline.now)

    @rule(number=which)
    @precondition(lambda self: self.messages)
    def a_message_vanishes(self, number: int) -> None:
        self.messages.pop(number % len(self.messages))

    @rule()
    def redis_is_emptied(self) -> None:
        with self.step():
            self.messages.clear()
            self.farm.on_broker_emptied(self.timeline.now)

    @rule(seconds=st.sampled_from((0.5, 6.0, 31.0)))
    def time_passes(self, seconds: float) -> None:
        with self.step():
            self.timeline.pass_time(seconds)

    @rule(reach=st.integers(0, 255), committed=st.booleans())
    def the_coordinator_dies(self, reach: int, committed: bool) -> None:
        """Perhaps in mid-turn; what was under way reaches the server or does not, and nobody hears the answer."""
        turn = self.farm.turn(self.timeline.now)
        if committed:
            self.ledger.commit(turn.writes)
            self.laws.committed(turn.writes)
        for number, call in enumerate(self.calls):
            if reach >> number % 8 & 1:
                self.perform(call)
        self.ledger._link.close()
        self.born()

    @invariant()
    def every_job_is_open_or_in_one_final_state(self) -> None:
        if self.sound:
            self.laws.conserved(self.ledger)

    def teardown(self) -> None:
        if self.sound:
            self.drain()
            FinalLaws(self.laws).check(self.ledger, self.farm, self.engine)
            self.ledger._link.close()

    def drain(self) -> None:
        """Nothing goes wrong any more."""
        self.laws.plan = replace(self.plan, mining_s=self.timeline.now)
        self.farm.drain(self.timeline.now)
        for _ in range(PATIENCE):
            self.turn()  # before the question whether all is done, as the coordinator: the last answer is booked too
            if self.farm.done:
                return
            for message in self.messages:
                self.farm.on_result(self.result(message, computed=True), self.timeline.now)
            calls, self.calls, self.messages = self.calls, [], []
            for call in calls:
                self.reply(call, "answered")
            self.timeline.pass_time(1.0)
        pytest.fail("I5: the drain does not end")

    def born(self) -> None:
        """A coordinator starts on what the ledger holds; messages of the one before are still under way."""
        self.laws.born()
        self.calls, self.messages = [], getattr(self, "messages", [])
        now = self.timeline.now
        self.ledger = Ledger(self.engine, "virtual", now_ms=lambda: int((EPOCH_S + self.timeline.now) * 1000))
        self.ledger.begin_run("virtual")
        policy = Policy(redispatch_s=5.0, reconcile_s=self.plan.reconcile_s, backoff=Backoff(floor_s=1.0, cap_s=8.0))
        specs = [MinerSpec(miner_id=f"rig-{number}") for number in range(self.plan.miners)]
        self.farm = all_open(
            [Miner(spec, policy, self.ledger.saved_miner(spec.miner_id), random.Random(1), now) for spec in specs],
            Governor(requests=5000, window_s=60.0, miners=self.plan.miners, heartbeat_s=30.0, carried_s=60.0),
            self.ledger.find,
            now=now,
        )
        with self.step():
            pass

    @contextmanager
    def step(self) -> Iterator[None]:
        """Something happens, and the coordinator takes its turn."""
        self.sound = False
        yield
        self.turn()
        self.sound = True

    def turn(self) -> None:
        """As the coordinator does it: written first, then dispatched and called."""
        now = self.timeline.now
        turn = self.farm.turn(now)
        self.ledger.commit(turn.writes)
        self.laws.committed(turn.writes)
        for order in turn.dispatches:
            self.laws.dispatched(order)
            message = order.message
            self.messages.append(message)
            word = Published(job_id=message.job_id, miner_id=message.miner_id, attempt=message.attempt, published=True)
            self.farm.on_published(word, now)
        for call in turn.calls:
            self.laws.sent(call, now)
            self.calls.append(call)

    def reply(self, call: Call, fate: str) -> None:
        sent_at = self.timeline.now
        outcome: Answer | CallError = Unreachable("no connection") if fate == "lost before" else self.perform(call)
        if fate == "lost after":
            outcome = NoAnswer("cut")
        reply = Reply(call=call, outcome=outcome, sent_at=sent_at, answered_at=self.timeline.now)
        self.laws.read([reply])
        self.farm.on_reply(reply, self.timeline.now)

    def perform(self, call: Call) -> Answer | CallError:
        self.client.thread = ThreadTime(self.timeline.now)
        outcome, _ = ran(self.client.perform(call))
        return outcome

    def result(self, message: JobMessage, *, computed: bool) -> ResultMessage:
        fields = JOB_TYPES[message.job_type].required if computed else ()
        return ResultMessage(
            job_id=message.job_id,
            attempt=message.attempt,
            outcome=Outcome.COMPUTED if computed else Outcome.FAILED,
            result=dict.fromkeys(fields, f"{message.job_id} by {message.miner_id}"),
            error="" if computed else "ValueError: kernel",
        )


def test_a_farm_accounts_for_every_job_and_every_payment_in_whatever_order_things_happen() -> None:
    run_state_machine_as_test(Mining, settings=SETTINGS)


@pytest.mark.parametrize("name", ["sends again after acceptance", "books a job twice"])
def test_a_planted_bug_is_found(name: str) -> None:
    (bug,) = [bug for bug in PLANTED if bug.name == name]
    once = settings(SETTINGS, phases=[Phase.generate], max_examples=100)
    with mock.patch.object(bug.owner, bug.attribute, bug.bug), pytest.raises(AssertionError):
        run_state_machine_as_test(Mining, settings=once)
