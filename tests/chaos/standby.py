"""S13: two servers, of which the second takes over while the first is down, and faults at either."""

from __future__ import annotations

from dataclasses import replace

from fleet.domain.causes import Loss
from tests.chaos.acts import Havoc, kill_coordinator
from tests.chaos.scenes import TWO_HOSTS, Scene
from tests.chaos.verdict import Allowed
from tests.support.faults import CALL_FAULTS
from tests.support.processes import eventually

_SETUP = replace(TWO_HOSTS, standby=True)
_DOWN = "drop_before"
#: a job that came with a heartbeat may wait at a server that is down for longer than its deadline
_LATE = Allowed(answers_lost=True, losses=frozenset({Loss.EXPIRED}))


def taken_over(havoc: Havoc) -> str | None:
    """The first server drops every call until the second has paid for jobs, then takes calls again."""
    _away(havoc)
    return _back(havoc)


def killed_at_the_standby(havoc: Havoc) -> str | None:
    """kill -9 of a coordinator that mines at the second server: the next one goes on there."""
    _away(havoc)
    kill_coordinator(havoc)
    havoc.tend()
    havoc.farm.standby_accepts(3)
    return _back(havoc)


def killed_on_the_way_back(havoc: Havoc) -> str | None:
    """kill -9 of a coordinator within the seconds in which it leaves the second server."""
    _away(havoc)
    havoc.farm.faults()
    havoc.pause(0, 4)
    kill_coordinator(havoc)
    havoc.tend()
    return _back(havoc)


def faults_at_the_standby(havoc: Havoc) -> str | None:
    """While the first server is down, calls of the second fail, too."""
    _away(havoc)
    kind, comma, rest = havoc.rng.choice(CALL_FAULTS).partition(",")
    havoc.detail = f"{kind}{comma}{rest}"
    havoc.farm.standby_faults(f"{kind},probability=0.1{comma}{rest}")
    havoc.pause(2, 4)
    havoc.farm.standby_faults()
    return _back(havoc)


def _away(havoc: Havoc) -> None:
    havoc.farm.faults(_DOWN)
    havoc.farm.standby_accepts(3)


def _back(havoc: Havoc) -> str | None:
    """Let the first server take calls, and wait until every session at the second one is closed."""
    farm = havoc.farm
    farm.faults()
    try:
        eventually("no session at the standby", lambda: farm.standby_counters()["sessions_open"] == 0)
    except AssertionError as exc:
        return str(exc)
    before = farm.standby_counters()["accepted"]
    farm.accepts(5)
    after = farm.standby_counters()["accepted"]
    return f"{after - before} jobs were paid by the standby after it was left" if after > before else None


def scenes(*, full: bool) -> list[Scene]:  # noqa: ARG001 - as the other rooms of scenes
    """S13."""
    return [
        Scene(fault="S13", what="two servers, the first drops all calls", act=taken_over, setup=_SETUP, allowed=_LATE),
        Scene(
            fault="S13",
            what="two servers, kill -9 at the standby",
            act=killed_at_the_standby,
            setup=_SETUP,
            allowed=_LATE,
        ),
        Scene(
            fault="S13",
            what="two servers, kill -9 on the way back",
            act=killed_on_the_way_back,
            setup=_SETUP,
            allowed=_LATE,
        ),
        Scene(
            fault="S13",
            what="two servers, the first drops all calls, 10 % fail at the standby",
            act=faults_at_the_standby,
            setup=_SETUP,
            # garbage in a job's data may cost that job
            allowed=replace(_LATE, losses=_LATE.losses | {Loss.PAYLOAD}),
        ),
    ]
