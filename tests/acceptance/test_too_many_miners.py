"""`--miners 100000`: what the limit carries is said before anything is opened."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.farms import asked, farm_settings, simulator
from tests.support.processes import FLEET, environ, started


# the ids and names of a hundred thousand miners are made and stored first
@pytest.mark.timeout(300)
def test_what_the_limit_carries_is_said_before_the_first_session(tmp_path: Path, empty_redis_url: str) -> None:
    with simulator(tmp_path / "simulator") as (_, url):
        settings = farm_settings(tmp_path) | {
            "FLEET_SERVER": url,
            "FLEET_REDIS_URL": empty_redis_url,
            "FLEET_MINERS": "100000",
        }
        with started([*FLEET, "coordinator"], tmp_path, environ(tmp_path, settings)) as process:
            process.says("2500 sessions can be kept, and 1250 miners can do a job a minute each", timeout_s=240.0)
            assert "[WARN]   100000 miners are too many for 5000 requests in 60 s" in process.out
            assert asked(url, "/simulator/requests")["sessions_started"] == 0
