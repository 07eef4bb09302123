"""After an outage of the server the whole farm is back at once, and while it lasts few requests are made."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from unittest import mock

import pytest

from fleet.domain.calls import Call
from tests.virtual.draw import draw_plan
from tests.virtual.plan import Plan, undisturbed
from tests.virtual.schedule import Schedule
from tests.virtual.server import Arrival

MINERS = 200
BACK_S = 5.0
BEGINS_S = 30.0


@dataclass(kw_only=True, slots=True)
class Watch:
    """What reaches the server after an outage that ends at `ends_s`."""

    schedule: Schedule
    ends_s: float
    #: by endpoint: seconds from the end to each miner's first call on it
    back: dict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))

    def __call__(self, arrival: Arrival) -> None:
        miner, now = str(arrival.body.get("contributor_id") or ""), self.schedule.timeline.now
        if miner and now >= self.ends_s:
            self.back["any"].setdefault(miner, now - self.ends_s)
            self.back[arrival.endpoint].setdefault(miner, now - self.ends_s)


def plan(miners: int, lasts_s: float, *, forgets: bool = False) -> Plan:
    ends_s = BEGINS_S + lasts_s
    return replace(
        undisturbed(draw_plan(1)),
        dialect="b",
        miners=miners,
        mining_s=ends_s + 10.0,
        latency_s=0.05,
        kernel_s=0.2,
        workers=4,
        server_limit=5000,
        governor_limit=5000,
        outages=((BEGINS_S, ends_s),),
        forget_times=(ends_s,) if forgets else (),
        reconcile_s=600.0,
    )


def scheduled(made: Plan) -> Schedule:
    """The plan, on a line without the long ways that a virtual one has now and then."""
    schedule = Schedule(made)
    schedule.server.way_s = lambda: made.latency_s / 2  # type: ignore[method-assign]
    return schedule


def mined(made: Plan) -> tuple[Watch, Counter[str]]:
    """The farm's return, and how often each miner called while nobody answered, the first second aside."""
    schedule = scheduled(made)
    ((starts_s, ends_s),) = made.outages
    watch = Watch(schedule=schedule, ends_s=ends_s)
    by_law, sent = schedule.server.watch, schedule.laws.sent
    vain: Counter[str] = Counter()

    def arrived(arrival: Arrival) -> None:
        watch(arrival)
        by_law(arrival)

    def counted(call: Call, now: float) -> None:
        vain[call.spec.miner_id] += starts_s + 1.0 <= now < ends_s
        sent(call, now)

    with mock.patch.object(schedule.laws, "sent", counted):
        schedule.server.watch = arrived
        schedule.run()
    return watch, vain


@pytest.mark.parametrize("lasts_s", [5.0, 62.0, 600.0])
def test_all_miners_are_back_within_five_seconds_of_an_outage(lasts_s: float) -> None:
    watch, _ = mined(plan(MINERS, lasts_s))
    back = watch.back["any"]
    assert len(back) == MINERS
    assert max(back.values()) <= BACK_S, sorted(back.values())[-5:]


def test_all_miners_have_a_session_within_five_seconds_though_the_server_forgot_them() -> None:
    made = plan(MINERS, 62.0, forgets=True)
    schedule = scheduled(made)
    open_then: list[int] = []
    world = schedule.server.simulator.world
    schedule.timeline.at(BEGINS_S + 62.0 + BACK_S, lambda: open_then.append(world.census.sessions))
    schedule.run()
    assert open_then == [MINERS]


def test_one_miner_alone_is_back_as_soon_and_asks_at_most_once_a_second() -> None:
    watch, vain = mined(plan(1, 300.0))
    assert max(watch.back["any"].values()) <= BACK_S
    assert vain.total() <= 300.0


def test_while_the_server_is_away_few_miners_ask_for_it() -> None:
    _, vain = mined(plan(MINERS, 300.0))
    assert max(vain.values()) <= 30, "each of them"
    assert vain.total() <= 300, "one request a second, of the whole farm"
