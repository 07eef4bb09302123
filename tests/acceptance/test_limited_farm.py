"""A farm whose only host pauses by its own limits: it says so, asks for no job, and calls nothing wrong."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from config.hours import DAYS
from tests.support.farms import farm, state
from tests.support.processes import eventually, run_fleet


def stated(home: Path) -> dict[str, Any]:
    """What `fleet status --json` states."""
    done = run_fleet("status", "--json", folder=home, settings={"FLEET_STATE_DIR": str(state(home))})
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_farm_whose_host_is_outside_its_hours_says_that_every_worker_pauses(tmp_path: Path) -> None:
    # three days from now, so that no midnight matters
    day = DAYS[(datetime.now(UTC).weekday() + 3) % 7]
    with farm(tmp_path, "--miners", "2", settings={"FLEET_LIMITS__HOURS": f"{day} 00:00-24:00"}) as process:
        process.says("[STEER]  every worker pauses, as ordered or by its host's limits")
        eventually("its miners are in session", lambda: [row["state"] for row in stated(tmp_path)["miners"]])
        found = stated(tmp_path)
        assert found["wrong"] == []
        assert [(row["free_slots"], row["busy_slots"]) for row in found["hosts"]] in ([], [(0, 0)])
        assert "no worker takes jobs" not in process.out + process.err
