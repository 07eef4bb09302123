"""`fleet report` beside a farm that mines: one private file, in which no secret of the farm stands in any form."""

from __future__ import annotations

import base64
import gzip
import io
import json
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

from fleet.local.redis_server import free_port
from fleet.local.running import running_farm
from tests.support.farms import farm, farm_settings, state
from tests.support.processes import FLEET, environ, eventually, run_fleet, stop
from tests.support.terminal import in_terminal

#: what is secret in the settings, by variable
_SECRETS = {
    "FLEET_FLOWER__BASIC_AUTH": "farmer:flower secret/of+this=farm",
    "FLEET_WEB__BASIC_AUTH": "farmer:page&secret",
    "FLEET_WEB__METRICS_TOKEN": "metrics-token-of-this-farm",
    "FLEET_ALERTS__URLS": "jsons://someone:alert-password@127.0.0.1:1/alert-topic-token",
}
_WORDS = (
    "flower secret/of+this=farm",
    "page&secret",
    "metrics-token-of-this-farm",
    "alert-password",
    "alert-topic-token",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("farm")


@pytest.fixture(scope="module")
def settings(folder: Path) -> dict[str, str]:
    return farm_settings(folder, {**_SECRETS, "FLEET_WEB__PORT": f"{free_port()}", "FLEET_MINERS": "3"})


@pytest.fixture(scope="module")
def secrets(folder: Path, settings: dict[str, str]) -> Iterator[list[str]]:
    """Every secret of a farm that mines, each of which was also written to a log, as no part of the farm does."""
    with farm(folder, "--latency", "20", settings=settings) as process:
        process.says("[REWARD]", times=5)
        place = state(folder) / "simulator"
        running = running_farm(place)
        assert running is not None
        found = [*_WORDS, *(place / "miner-ids").read_text(encoding="utf-8").split()]
        found.append(urlsplit(running.redis_url or "").password or "")
        assert len(found) == len(_WORDS) + 4
        with (place / "run" / "worker.log").open("a", encoding="utf-8") as log:
            for one in found:
                log.writelines(f"a planted line: {form}\n" for form in forms(one))
            log.write("the last planted line\n")
        yield found
        stop(process)


def forms(secret: str) -> list[str]:
    """A secret as it may appear in a text."""
    in_base64 = [base64.b64encode(f"{before}{secret}".encode()).decode() for before in ("", "u:", "ab:", "abc:")]
    safe = [base64.urlsafe_b64encode(secret.encode()).decode()]
    return [secret, secret.upper(), quote(secret), quote(secret, safe=""), json.dumps(secret), *in_base64, *safe]


@pytest.fixture(scope="module")
def packed(folder: Path, settings: dict[str, str], secrets: list[str]) -> dict[str, bytes]:
    """The files of a report, by name."""
    assert secrets
    done = run_fleet("report", "report.tar.gz", folder=folder, settings=settings)
    assert done.returncode == 0, done.stderr
    assert "Look through it" in done.stdout
    with tarfile.open(folder / "report.tar.gz") as archive:
        return {one.name.partition("/")[2]: archive.extractfile(one).read() for one in archive}  # type: ignore[union-attr]


def test_no_secret_is_in_the_report_in_any_form(folder: Path, packed: dict[str, bytes], secrets: list[str]) -> None:
    assert b"the last planted line" in packed["logs/simulator-run/worker.log"]
    whole = gzip.decompress((folder / "report.tar.gz").read_bytes()) + b"".join(packed.values())
    for secret in secrets:
        assert secret.lower().encode() not in whole.lower(), secret
        for form in forms(secret)[2:]:
            assert form.encode() not in whole, (secret, form)


def test_the_report_is_private(folder: Path, packed: dict[str, bytes]) -> None:
    assert packed
    assert (folder / "report.tar.gz").stat().st_mode & 0o777 == 0o600


def test_the_report_holds_what_an_issue_needs(packed: dict[str, bytes]) -> None:
    assert {"doctor.json", "status.json", "config.json", "versions.json", "ledger.json"} <= packed.keys()
    checks = json.loads(packed["doctor.json"])["checks"]
    assert {"redis", "ledger", "server"} <= {one["subject"] for one in checks}
    assert json.loads(packed["status.json"])["figures"]["miners"]
    shown = {one["name"]: (one["value"], one["source"]) for one in json.loads(packed["config.json"])["settings"]}
    assert shown["miners"] == (3, "environment")
    assert shown["web.metrics_token"] == ("********", "environment")
    assert json.loads(packed["versions.json"])["packages"]["celery"]
    server = json.loads(packed["ledger.json"])["servers"][0]
    assert server["right"]
    assert server["entries"] >= 5


def test_a_report_goes_to_stdout_and_needs_no_farm(tmp_path: Path) -> None:
    done = subprocess.run(
        [*FLEET, "report", "-"],
        cwd=tmp_path,
        env=environ(tmp_path, farm_settings(tmp_path)),
        capture_output=True,
        check=True,
    )
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        assert any(name.endswith("/doctor.json") for name in archive.getnames())
    assert not list(tmp_path.iterdir()), "the report made something"


def test_a_report_is_not_written_to_a_terminal_nor_where_it_can_not_be(tmp_path: Path) -> None:
    env = environ(tmp_path, farm_settings(tmp_path))
    with in_terminal([*FLEET, "report", "-"], tmp_path, env) as terminal:
        assert terminal.wait() == 64
        eventually("it says what to do", lambda: "redirect it" in terminal.shown)
    (tmp_path / "a-file").touch()
    done = run_fleet("report", "a-file/report.tar.gz", folder=tmp_path, settings=farm_settings(tmp_path))
    assert (done.returncode, "can't write a-file/report.tar.gz: " in done.stderr) == (73, True)
