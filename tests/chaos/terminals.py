"""T3: a coordinator whose terminal is closed."""

from __future__ import annotations

from tests.chaos.acts import Havoc
from tests.chaos.scenes import Scene
from tests.support.processes import FLEET, environ, eventually
from tests.support.terminal import in_terminal


def terminal_closed(havoc: Havoc) -> str | None:
    """`fleet coordinator` in a window that is closed: it drains, and the next one finds nothing open."""
    farm = havoc.farm
    code = farm.drained()
    if code != 0:
        return f"the coordinator before it ended with {code}: {farm.life.words()}"
    env = environ(farm.folder, farm.settings)
    with in_terminal([*FLEET, "coordinator"], farm.folder / "terminal", env) as terminal:
        eventually("sessions", lambda: farm.keeps(farm.counters()["sessions_open"]))
        farm.accepts(10)
        terminal.close()
        code = terminal.wait()
    left = farm.counters()["sessions_open"]
    open_jobs = len(havoc.auditor.open_now())
    farm.born()
    if code != 0 or left or open_jobs:
        return f"it ended with {code}, {left} sessions and {open_jobs} jobs are open: {terminal.shown[-2000:]}"
    return None


def scenes(*, full: bool) -> list[Scene]:  # noqa: ARG001 - as the other rooms of scenes
    """T3."""
    return [Scene(fault="T3", what="the coordinator's terminal closed", act=terminal_closed)]
