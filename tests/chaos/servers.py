"""S1–S11: a NeoNet server that fails, refuses, hangs, garbles, forgets, lies, hangs up, or is behind a proxy."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import cycle

from fleet.domain.causes import Loss
from tests.chaos import acts
from tests.chaos.acts import Havoc
from tests.chaos.scenes import TWO_HOSTS, Scene, keeps_pace
from tests.chaos.verdict import Allowed
from tests.support.faults import BULK, FAILURES, GARBAGE, PAGES, REFUSALS, SILENT_AFTER, SILENT_BEFORE

_LASTS_S = 2.0
#: I7: calls per second that each miner may make to a dead server; one that was under way may end in the first second
_CALLS_PER_MINER_S = 1.0

#: release a answers most calls with a 500, and closes the connection after each
_CLOSES = replace(TWO_HOSTS, simulated=("--dialect", "a"))
_WARNING = "[WARN]"

_LOST = Allowed(answers_lost=True)
#: Garbage in a job's data may cost that job if it comes twice, or if the job can't be fetched again.
_FLAWED = Allowed(answers_lost=True, losses=frozenset({Loss.PAYLOAD}))
#: Strange data may cost its job in any way.
_STRANGE = Allowed(answers_lost=True, losses=frozenset({Loss.PAYLOAD, Loss.EXPIRED, Loss.REFUSED, Loss.ANSWER_LOST}))
#: the miner whose calls the server refuses
_OUTCAST = "rig-01"


class _OneByOne:
    """Plays the faults of a row in turn, one per trial."""

    def __init__(self, texts: Sequence[str], probability: float) -> None:
        self._texts = list(texts)
        self._probability = probability
        self._next = 0

    def __call__(self, havoc: Havoc) -> str | None:
        kind, comma, rest = self._texts[self._next % len(self._texts)].partition(",")
        self._next += 1
        havoc.farm.faults(f"{kind},probability={self._probability}{comma}{rest}")
        time.sleep(_LASTS_S)
        havoc.farm.faults()
        return None


def _row(fault: str, what: str, texts: Sequence[str], probability: float, allowed: Allowed = _LOST) -> Scene:
    act = _OneByOne(texts, probability)
    return Scene(fault=fault, what=what, act=act, trials=len(texts), full_trials=4 * len(texts), allowed=allowed)


def dead_for(seconds: float) -> Callable[[Havoc], str | None]:
    """Every call fails for `seconds`: the farm keeps trying at a low rate."""

    def act(havoc: Havoc) -> str | None:
        farm = havoc.farm
        farm.faults("unavailable")
        # by now the calls that were under way have ended
        time.sleep(1)
        before = farm.counters()["requests_total"]
        time.sleep(seconds)
        asked = farm.counters()["requests_total"] - before
        farm.faults()
        # the network's two figures are requested separately
        most = farm.setup.miners * seconds * _CALLS_PER_MINER_S + 2
        return f"{asked} calls in {seconds:g} s by {farm.setup.miners} miners" if asked > most else None

    return act


def one_miner_refused(havoc: Havoc) -> str | None:
    """Every call of one miner fails for six seconds: the others keep their pace (I8)."""
    farm = havoc.farm
    before = _healthy_pace(havoc, 6.0)
    farm.faults(f"error_before,miners={_OUTCAST}")
    during = _healthy_pace(havoc, 6.0)
    farm.faults()
    return keeps_pace(havoc, before, during, _healthy_pace(havoc, 6.0))


class _BehindPages:
    """All calls get a proxy's page, of another status in each trial: no job is lost or submitted as an error."""

    def __init__(self) -> None:
        self._pages = cycle(PAGES)

    def __call__(self, havoc: Havoc) -> str | None:
        farm = havoc.farm
        before = farm.counters()["invalid"]
        farm.faults(next(self._pages))
        time.sleep(_LASTS_S)
        farm.faults()
        farm.accepts(3)
        refused = farm.counters()["invalid"] - before
        return f"{refused} jobs were submitted as failed" if refused else None


def closes_after_500(havoc: Havoc) -> str | None:
    """No call is sent on a connection that is about to be closed."""
    log = havoc.farm.folder / "coordinator.log"
    before = log.read_text(encoding="utf-8").count(_WARNING)
    havoc.farm.accepts(40)
    warned = log.read_text(encoding="utf-8").count(_WARNING) - before
    return f"{warned} warnings where each call could be answered" if warned else None


def _healthy_pace(havoc: Havoc, seconds: float) -> float:
    before = havoc.auditor.paid_jobs()
    time.sleep(seconds)
    after = havoc.auditor.paid_jobs()
    return sum(count - before[miner] for miner, count in after.items() if miner != _OUTCAST) / seconds


def scenes(*, full: bool) -> list[Scene]:  # noqa: ARG001 - as the other rooms of scenes
    """S1–S11."""
    return [*_unanswered(), *_garbled(), *_wrong_jobs(), *_behind_others()]


def _unanswered() -> list[Scene]:
    """S1–S3: calls that are refused, or that get no answer."""
    dead = Scene(fault="S1", what="503 to all calls for 6 s", act=dead_for(6), trials=1, full_trials=5, allowed=_LOST)
    return [
        _row("S1", "500, 502, 503 to 10 % of calls", FAILURES, 0.1),
        _row("S1", "500 after the deed to 10 % and to all of them", ["error_after"], 0.1),
        dead,
        replace(dead, what="one miner's calls fail, the others' pace", act=one_miner_refused),
        _row("S2", "429 to 5 % of calls: without Retry-After, with seconds, a date, a negative one", REFUSALS, 0.05),
        _row("S3", "hanging, trickling and dropped answers, 10 %", SILENT_BEFORE + SILENT_AFTER, 0.1),
        Scene(fault="S3", what="server stopped 0.5–4 s", act=acts.stop_server, trials=2, allowed=_LOST),
    ]


def _garbled() -> list[Scene]:
    """S4: answers that can't be read."""
    once = [f"{kind},endpoints=task,count=1" for kind in GARBAGE]
    return [
        _row("S4", f"garbage of {len(GARBAGE + BULK)} kinds in 10 % of answers", GARBAGE + BULK, 0.1, _FLAWED),
        _row("S4", "one garbled answer to a fetch: the job is asked for once more", once, 1.0),
    ]


def _wrong_jobs() -> list[Scene]:
    """S5–S9 and P2: jobs that are another's, forgotten, late, oddly paid, unknown or impossible."""
    deadlines = [f"deadline,value={v}" for v in ("-60", "1e400", "soon")]
    rewards = [f"job_reward,value={v}" for v in ("-1", "NaN", "1e400", "much")]
    forgotten = Allowed(answers_lost=True, losses=frozenset({Loss.FORGOTTEN, Loss.ANSWER_LOST}))
    return [
        _row("S5", "the same job again, another miner's job", ["other_payload", "other_miner"], 0.2, _STRANGE),
        Scene(fault="S6", what="server forgets everything", act=acts.forget, allowed=forgotten),
        _row("S7", "deadlines past, absurd, no number", deadlines, 0.1, _STRANGE),
        _row("S8", "job rewards negative, NaN, 1e400, text", rewards, 0.1, _STRANGE),
        _row("S9", "unknown job types, unknown fields", ["unknown_type", "extra_fields"], 0.1, _STRANGE),
        _row("P2", "data that no host could compute", ["poison"], 0.1, _STRANGE),
    ]


def _behind_others() -> list[Scene]:
    """S10 and S11: a server that closes connections, and a proxy before it."""
    return [
        Scene(
            fault="S11",
            what="a proxy's pages to all calls for 2 s, 14 statuses",
            act=_BehindPages(),
            trials=len(PAGES),
            full_trials=3 * len(PAGES),
            allowed=_LOST,
        ),
        Scene(fault="S10", what="a server that closes after 500", act=closes_after_500, setup=_CLOSES, allowed=_LOST),
    ]
