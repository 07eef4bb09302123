"""`fleet bench host` measures all kernels on all processes, keeps that, and finds a host that computes differently."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pytest

from tasks.bench.measure import measure
from tasks.compute import catalog
from tasks.errors import MeasurementError
from tasks.jobtypes import JOB_TYPES
from tests.support.processes import FLEET, environ


def bench(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = environ(folder, {"FLEET_STATE_DIR": str(folder / "state"), "COLUMNS": "80"})
    command = [*FLEET, "bench", "host", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=env, cwd=folder, timeout=300, check=False)


def test_a_measurement_is_shown_kept_and_verified(tmp_path: Path) -> None:
    measured = bench(tmp_path, "--seconds", "0.05", "--json")
    assert measured.returncode == 0, measured.stderr
    found = json.loads(measured.stdout, parse_float=Decimal)
    assert {one["job_type"] for one in found["speeds"]} == set(JOB_TYPES)
    assert all(one["jobs_per_s"] > 0 and one["cpu_ms"] > 0 for one in found["speeds"])
    assert found["nnet_per_job"] == {}, "there is no ledger"

    other = tmp_path / "other.json"
    other.write_text(measured.stdout)
    again = bench(tmp_path, "--last", "--verify", str(other))
    assert again.returncode == 0, again.stderr
    assert "both hosts compute the same results, all 14 of them" in again.stdout
    assert found["inventory"]["key"] in again.stdout
    assert max(map(len, again.stdout.splitlines())) <= 80

    found["speeds"][3]["digest"] = "00" * 32
    other.write_text(json.dumps(found, default=float))
    wrong = bench(tmp_path, "--last", "--verify", str(other))
    assert wrong.returncode == 65
    assert f"two hosts of one kind compute differently: {found['speeds'][3]['name']}" in wrong.stderr


def test_without_a_measurement_there_is_no_last_one(tmp_path: Path) -> None:
    found = bench(tmp_path, "--last")
    assert found.returncode == 65
    assert "run `fleet bench host`" in found.stderr


def test_processes_that_compute_differently_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def flipped(*_: object, **__: object) -> Mapping[str, object]:
        # each forked process draws numbers of its own
        return {"results_hash": secrets.token_hex(8)}

    monkeypatch.setattr(catalog, "compute", flipped)
    with pytest.raises(MeasurementError, match="differently"):
        next(measure(2, 0.01))


def test_a_process_that_is_killed_ends_the_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog, "compute", lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))
    with pytest.raises(MeasurementError, match="memory may be short"):
        next(measure(2, 0.01))
