"""S12: a server that grants some miners sessions, but denies their submissions."""

from __future__ import annotations

import time
from collections import Counter

from tests.chaos.acts import Havoc
from tests.chaos.farm import Setup
from tests.chaos.scenes import TWO_HOSTS, Scene
from tests.chaos.verdict import Allowed

_DENIED = 4
_MINERS = 40
#: requests in a minute; the limit sets the pace, so a miner that takes more than its share takes it from the others
_LIMIT = 2400
#: the server's window, in seconds; the pace within a part of it means nothing
_WINDOW_S = 60.0
#: most sessions that a denied miner may ask for in a minute, each followed by a submission
_CALLS_A_MINUTE = 15.0

_SETUP = Setup(
    miners=_MINERS,
    hosts=2,
    latency="30+20",
    simulated=("--rate-limit", str(_LIMIT)),
    settings={**TWO_HOSTS.settings, "FLEET_BUDGET__REQUESTS": str(_LIMIT), "FLEET_DISPATCH__REDISPATCH_S": "10"},
)


def denied_at_submission(havoc: Havoc) -> str | None:
    """Four of forty miners get "No active session" at each submission: the others keep 95 % of their pace.

    On auto only the money is judged.
    """
    farm = havoc.farm
    denied = sorted(havoc.auditor.paid_jobs())[:_DENIED]
    time.sleep(_WINDOW_S)
    before = _pace(havoc, denied)
    farm.faults(f"no_session,miners={'|'.join(denied)}")
    asked_before = _asked(havoc)
    during = _pace(havoc, denied)
    asked = (_asked(havoc) - asked_before) / _DENIED
    farm.faults()
    pace = during / max(before, 1e-9)
    havoc.paces.append(pace)
    if farm.setup.auto:
        # more or fewer sessions may have been open than before, and others were requested
        return None
    if asked > _CALLS_A_MINUTE:
        return f"each denied miner asked for a session {asked:.0f} times a minute"
    return f"the others went on at {pace:.2f} of their pace" if pace < 0.95 else None


def _asked(havoc: Havoc) -> int:
    """Number of sessions requested since the start. In the middle of a run only the denied miners request any."""
    return int(havoc.farm.counters()["requests"]["start-session"])


def _pace(havoc: Havoc, denied: list[str]) -> float:
    before: Counter[str] = Counter(havoc.auditor.paid_jobs())
    time.sleep(_WINDOW_S)
    after = Counter(havoc.auditor.paid_jobs())
    return sum(count - before[miner] for miner, count in after.items() if miner not in denied) / _WINDOW_S


def scenes(*, full: bool) -> list[Scene]:  # noqa: ARG001 - as the other rooms of scenes
    """S12."""
    what = f"{_DENIED} of {_MINERS} miners denied at each submission, the others' pace"
    # a denied job is submitted again
    allowed = Allowed(answers_lost=True)
    return [
        Scene(
            fault="S12",
            what=what,
            act=denied_at_submission,
            trials=1,
            full_trials=5,
            setup=_SETUP,
            allowed=allowed,
        )
    ]
