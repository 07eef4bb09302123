"""The controller finds the number of sessions that earns most, step by step, and follows what changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from fleet.earning.controller import LOOK_EVERY_S, Controller, Decision, Reason
from fleet.earning.meter import Meter
from tests.support.paying import PayingServer


@dataclass
class Farm:
    """A farm that follows its controller at once, on a server with a limit."""

    server: PayingServer
    limit: int = 5000
    cycle_s: float = 0.3
    least: int = 1
    most: int = 200
    #: jobs are counted at most this often a look, so that tests stay fast
    seen: int = 15
    decisions: list[tuple[float, Decision]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.meter = Meter(heartbeat_s=30.0)
        self.controller = Controller(self.meter, least=self.least, most=self.most, now=0.0)
        self.now = 0.0
        self.open = self.controller.target

    def run(self, seconds: float) -> None:
        until = self.now + seconds
        while self.now < until:
            self.meter.limit(self.limit, 60.0)
            pace = min(self.open / self.cycle_s, (self.limit / 60 - self.open / 30) / 2)
            for _ in range(min(int(pace * LOOK_EVERY_S), self.seen)):
                self.server.job(self.meter, self.open)
                self.meter.cycle(self.cycle_s, own=self.open, now=0.0)
            self.now += LOOK_EVERY_S
            decision = self.controller.look(self.open, self.now, requests_per_minute=self.limit)
            self.decisions.append((self.now, decision))
            self.open = decision.target

    def income(self, own: int) -> float:
        """The truth, in jobs of weight 1 a second."""
        return min(own / self.cycle_s, (self.limit / 60 - own / 30) / 2) * self.server.level(own)

    def best(self) -> float:
        return max(self.income(own) for own in range(self.least, self.most + 1))

    def notices(self) -> list[str]:
        return [text for _, decision in self.decisions for text in decision.notices]

    def changes(self) -> Iterator[tuple[float, int, int]]:
        """When the target changed, from what, and to what."""
        before = self.least
        for at, decision in self.decisions:
            if decision.target != before:
                yield at, before, decision.target
                before = decision.target


@pytest.mark.parametrize(("cap", "strangers"), [(0.05, 0), (1.0, 0), (0.05, 5), (1.0, 5), (0.05, 500)])
@pytest.mark.parametrize(("limit", "cycle_s"), [(200, 0.3), (5000, 0.03), (5000, 0.3), (50_000, 0.3)])
def test_it_earns_nearly_the_most_within_ten_minutes(cap: float, strangers: int, limit: int, cycle_s: float) -> None:
    farm = Farm(PayingServer(strangers=strangers, cap=cap), limit=limit, cycle_s=cycle_s)
    farm.run(600.0)
    assert farm.income(farm.open) >= 0.97 * farm.best()


def test_it_follows_strangers_that_come_and_go_and_says_so() -> None:
    server = PayingServer(strangers=0)
    farm = Farm(server, cycle_s=0.15)
    farm.run(300.0)
    alone = farm.open
    server.strangers = 100
    farm.run(300.0)
    assert farm.income(farm.open) >= 0.97 * farm.best()
    assert farm.open > alone
    server.strangers = 0
    farm.run(300.0)
    assert farm.income(farm.open) >= 0.97 * farm.best()
    words = " ".join(farm.notices())
    assert "the network grew" in words
    assert "the network shrank" in words


def test_a_limit_that_another_program_uses_as_well_is_noticed() -> None:
    farm = Farm(PayingServer(strangers=500))
    farm.run(400.0)
    before = farm.open
    farm.limit = 2000
    farm.run(300.0)
    assert "another program at this address" in " ".join(farm.notices())
    assert farm.open < before
    assert farm.income(farm.open) >= 0.97 * farm.best()


def test_a_session_that_has_just_opened_is_not_closed() -> None:
    farm = Farm(PayingServer(strangers=0), cycle_s=0.15)
    farm.run(900.0)
    opened_at = 0.0
    for at, before, after in farm.changes():
        if after > before:
            opened_at = at
        else:
            assert at - opened_at >= 60.0


def test_it_comes_to_rest() -> None:
    farm = Farm(PayingServer(strangers=5))
    farm.run(600.0)
    before = len(list(farm.changes()))
    farm.run(1200.0)
    assert len(list(farm.changes())) == before


def test_pinned_sessions_stay_and_a_trial_shows_what_they_cost() -> None:
    farm = Farm(PayingServer(strangers=0, cap=1.0), least=8, cycle_s=0.03)
    farm.run(600.0)
    assert min(decision.target for _, decision in farm.decisions) == 8
    trials = [decision for _, decision in farm.decisions if decision.reason is Reason.TRIAL]
    assert len(trials) == 1
    assert "9 miners instead of 8 for 30 s" in farm.notices()[-1]
    model = farm.controller.model
    assert model.income(1).total / model.income(8).total == pytest.approx(farm.income(1) / farm.income(8), rel=0.1)


def test_trials_cost_little() -> None:
    farm = Farm(PayingServer(strangers=0, cap=1.0), least=8, cycle_s=0.03)
    farm.run(3600.0)
    earned = farm.controller.model.income(8).total * 3600
    assert farm.controller.explored_nnet <= 0.03 * earned


def test_nothing_changes_while_the_sessions_are_not_what_was_asked_for() -> None:
    meter = Meter(heartbeat_s=30.0)
    controller = Controller(meter, least=3, most=9, now=0.0)
    for second in range(0, 60, 2):
        assert controller.look(1, float(second), requests_per_minute=5000).target == 3
