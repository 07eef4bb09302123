"""R8: a second coordinator is started on a Redis that is in use."""

from __future__ import annotations

import time

from tests.chaos.acts import Havoc
from tests.chaos.scenes import Scene
from tests.support.processes import FLEET, Started, environ

#: EX_TEMPFAIL
_REFUSED = 75
#: seconds over which a pace is measured
_LOOK_S = 5.0


def second_coordinator(havoc: Havoc) -> str | None:
    """The second coordinator ends with a message and opens no session; the first keeps its pace."""
    farm = havoc.farm
    before = farm.pace(_LOOK_S)
    folder = farm.folder / f"rival-{time.monotonic_ns()}"
    folder.mkdir()
    settings = {**farm.settings, "FLEET_STATE_DIR": str(folder / "state"), "FLEET_MINER_PREFIX": "rival-"}
    rival = Started([*FLEET, "coordinator"], folder, environ(folder, settings))
    try:
        during = farm.pace(_LOOK_S)
        code, words = rival.wait(), rival.words()
    finally:
        rival.end()
    # its start takes a core of the machine that they share
    havoc.paces.append(min(during / max((before + farm.pace(_LOOK_S)) / 2, 1e-9), 1.0))
    if code != _REFUSED or "this Redis is used by coordinator" not in words:
        return f"it ended with {code}: {words}"
    sessions = farm.counters()["sessions_open"]
    return None if farm.keeps(sessions) else f"{sessions} sessions are open, for {farm.setup.miners} miners"


def scenes(*, full: bool) -> list[Scene]:  # noqa: ARG001 - as the other rooms of scenes
    """R8."""
    what = "a second coordinator on the same Redis, the first's pace"
    return [Scene(fault="R8", what=what, act=second_coordinator, trials=2, full_trials=10)]
