"""Start-up times: `fleet up` to its first reward, a killed coordinator to its next submission, the worker's imports.

python -m bench start
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.farms import UNLIMITED, surroundings
from bench.processes import ONE_THREAD, clean_environ, start
from bench.rows import Row

RUNS = 3
SESSIONS = 100
_PATIENCE_S = 60.0
#: imports the worker's entry point and everything behind it
_IMPORTS = "import time; t = time.perf_counter(); import tasks.worker.run; print(time.perf_counter() - t)"
#: number of modules in the note, the slowest first
_NAMED = 3


def starts() -> list[Row]:
    """Three durations that a user waits for."""
    return [
        Row(
            part="start",
            name="`fleet up` to first reward",
            unit="s",
            target=5.0,
            runs=[_first_reward_s() for _ in range(RUNS)],
        ),
        Row(
            part="start",
            name=f"coordinator killed and started again, {SESSIONS} sessions, to next submission",
            unit="s",
            target=3.0,
            runs=[_next_submission_s() for _ in range(RUNS)],
        ),
        Row(
            part="start",
            name="imports of the worker",
            unit="s",
            target=1.0,
            peer=_dearest_imports(),
            runs=[_imports_s() for _ in range(2 * RUNS)],
        ),
    ]


def _first_reward_s() -> float:
    """Seconds until the first reward of a farm with Redis, workers, Flower and a simulator that is 200 ms away."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        started = time.perf_counter()
        farm = start("up", ["fleet", "up"], folder, {"FLEET_STATE_DIR": str(folder / "state")})
        try:
            while b"[REWARD]" not in (folder / "up.log").read_bytes():
                if time.perf_counter() - started > _PATIENCE_S:
                    raise TimeoutError(f"no reward within {_PATIENCE_S:g} s\n{farm.tail()}")
                time.sleep(0.01)
            return time.perf_counter() - started
        finally:
            farm.stop(_PATIENCE_S)


def _next_submission_s() -> float:
    with surroundings("--rate-limit", "0", "--latency", "20") as farm:
        farm.start_worker()
        farm.wait_for_worker()
        settings = UNLIMITED | {"FLEET_MINERS": str(SESSIONS), "FLEET_MINER_PREFIX": "rig-"}
        first = farm.start_coordinator(settings)
        farm.wait_for_accepted(3 * SESSIONS)
        first.kill()
        time.sleep(1.0)
        killed = farm.accepted()
        started = time.time()
        farm.start_coordinator(settings)
        farm.wait_for_accepted(killed + 1)
        return next(one.at for one in farm.payments()[killed:]) - started


def _imports_s() -> float:
    done = subprocess.run(
        [sys.executable, "-c", _IMPORTS], env=clean_environ() | ONE_THREAD, check=True, stdout=subprocess.PIPE
    )
    return float(done.stdout)


def _dearest_imports() -> str:
    """The packages that take longest to import, by `-X importtime`."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", "import tasks.worker.run"],
        env=clean_environ() | ONE_THREAD,
        check=True,
        stderr=subprocess.PIPE,
        text=True,
    )
    found = re.findall(r"^import time:\s+\d+ \|\s+(\d+) \| *([a-z_]+)$", done.stderr, re.MULTILINE)
    dearest = sorted(((int(us), name) for us, name in found), reverse=True)[:_NAMED]
    return ", ".join(f"{name} {us / 1e6:.2f} s" for us, name in dearest)
