"""A farm whose hosts pause by their own limits: it says so and until when, asks for no job, and calls nothing wrong."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from config.hours import DAYS
from tests.chaos.farm import Farm, Setup
from tests.chaos.host import Host
from tests.chaos.kernels import ORDERS, RUNS
from tests.support.farms import farm, state
from tests.support.processes import eventually, run_fleet
from tests.support.workers import ONE_THREAD

#: seconds after which it would be wrong that no worker takes jobs
_WRONG_S = 12.0


def in_three_days() -> str:
    """A day of the week on which no midnight brings the test."""
    return DAYS[(datetime.now(UTC).weekday() + 3) % 7]


def stated(home: Path, command: str, settings: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What a command states in JSON."""
    given = {"FLEET_STATE_DIR": str(state(home))} | dict(settings or {})
    done = run_fleet(command, "--json", folder=home, settings=given)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_farm_whose_host_is_outside_its_hours_says_that_every_worker_pauses_and_until_when(tmp_path: Path) -> None:
    day = in_three_days()
    with farm(tmp_path, "--miners", "2", settings={"FLEET_LIMITS__HOURS": f"{day} 00:00-24:00"}) as process:
        process.says("[STEER]  every worker pauses: ")
        process.says(f"outside limits.hours until {day} 00:00; no jobs are fetched, and sessions are kept")
        eventually("its miners are in session", lambda: [row["state"] for row in stated(tmp_path, "status")["miners"]])
        time.sleep(_WRONG_S)
        found = stated(tmp_path, "status")
        assert found["wrong"] == []
        assert [(row["free_slots"], row["busy_slots"]) for row in found["hosts"]] == [(0, 0)]
        assert "no worker takes jobs" not in process.out + process.err
        assert [one["pauses"] for one in stated(tmp_path, "workers")["workers"]] == [
            f"outside limits.hours until {day} 00:00"
        ]


def test_a_farm_whose_last_host_is_gone_and_whose_only_one_rests_calls_nothing_wrong(tmp_path: Path) -> None:
    with Farm(tmp_path / "farm", Setup()) as one:
        one.born()
        one.accepts(30)
        limits = {"FLEET_WORKER__NAME": "barn", "FLEET_LIMITS__HOURS": f"{in_three_days()} 00:00-24:00"}
        seams = {RUNS: str(one.runs), ORDERS: str(one.folder / "orders.json")}
        barn = Host(one.folder / "barn", {**one.settings, **ONE_THREAD, **seams, **limits})
        try:
            one.hosts[0].kill()
            barn.start()
            barn.ready()
            eventually("the pause", lambda: "[STEER]  every worker pauses: barn: outside" in one.life.words())
            time.sleep(_WRONG_S)
            assert stated(one.folder, "status", one.settings)["wrong"] == []
        finally:
            barn.kill()
        assert one.drained() == 0, one.life.words()
