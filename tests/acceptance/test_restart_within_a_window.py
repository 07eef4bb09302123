"""A coordinator that is killed in mid-window is started again, and counts what was sent before its death."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import pytest

from tests.support.farms import asked, book, earned, farm, simulator
from tests.support.processes import PATIENCE_S, eventually

pytestmark = pytest.mark.timeout(240)
#: a window that no slow start outlasts
LIMIT, WINDOW_S = 3000, 600
SETTINGS = {
    "FLEET_BUDGET__REQUESTS": str(LIMIT),
    "FLEET_BUDGET__WINDOW_S": str(WINDOW_S),
    "FLEET_OUTPUT__STATUS_EVERY_S": "1",
}
#: two requests for each are more than a new coordinator sends by its first status line: 90, 3 % of the limit
PAID = 60
USED = re.compile(rf"requests (\d+) of {LIMIT} in {WINDOW_S} s, 0 refused")


def test_a_restarted_coordinator_counts_the_requests_of_the_one_that_was_killed(tmp_path: Path) -> None:
    folder, options = tmp_path / "farm", ("--rate-limit", f"{LIMIT}/{WINDOW_S}")
    with (
        simulator(tmp_path / "simulator", *options) as (_, url),
        farm(folder, "--server", url, "--miners", "3", settings=SETTINGS) as process,
    ):
        eventually("60 jobs paid", lambda: asked(url, "/simulator/requests")["accepted"] >= PAID)
        victim = process.child("fleet coordinator")
        victim.kill()
        victim.wait(PATIENCE_S)
        said, killed = len(process.out), asked(url, "/simulator/requests")
        eventually("a status line after the restart", lambda: USED.search(process.out, said))
        now = asked(url, "/simulator/requests")
        process.send(signal.SIGTERM)
        assert process.wait() == 0, process.words()
        first = USED.search(process.out, said)
        assert first is not None
        assert int(first[1]) >= 2 * (killed["accepted"] - 3), "of each miner, one payment may be unwritten"
        assert int(first[1]) <= now["requests_total"] + 3, "of each miner, one may be written down and not sent"
        assert asked(url, "/simulator/requests")["refused_429"] == 0
        assert earned(folder, url) == book(url)
