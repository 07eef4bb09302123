"""A proxy's pages over a real connection: each is Foreign, by its title or its target, and no call is repeated."""

from __future__ import annotations

import pytest

from fleet.domain.answers import Registration
from fleet.domain.calls import Call, CallKind
from fleet.errors import Foreign
from fleet.server.http.choice import EngineName
from fleet.simulator.options import SimulatorOptions
from fleet.simulator.thread import running
from tests.support.faults import PAGE_STATUSES
from tests.support.waiting import SPEC, Waiting

REGISTER = Call(kind=CallKind.REGISTER, spec=SPEC)


@pytest.mark.parametrize("status", PAGE_STATUSES)
def test_a_page_is_foreign_and_the_next_call_is_not_harmed(engine: EngineName, status: int) -> None:
    with running(SimulatorOptions(port=0)) as simulator, Waiting(engine, simulator.url) as client:
        simulator.set_faults(f"page,value={status}")
        outcome, exchange = client.perform(REGISTER)
        assert type(outcome) is Foreign
        assert outcome.status == status
        assert str(outcome).startswith(f"{status}: ")
        assert "JSONDecodeError" not in str(outcome)
        assert outcome.location == ("https://proxy.invalid/sign-in" if status in {301, 302} else "")
        assert exchange.requests == simulator.requests()["requests_total"] == 1
        simulator.set_faults()
        outcome, _ = client.perform(REGISTER)
        assert isinstance(outcome, Registration)


def test_a_page_with_status_200_is_called_by_its_title(engine: EngineName) -> None:
    with running(SimulatorOptions(port=0)) as simulator, Waiting(engine, simulator.url) as client:
        simulator.set_faults("html")
        outcome, _ = client.perform(REGISTER)
        assert str(outcome) == "200: the page 'Welcome'"
