"""`fleet up` on what is no NeoNet server: it ends with the reason and an exit code of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fleet.server.http.choice import EngineName
from tests.support.farms import farm, farm_settings, figures
from tests.support.processes import nothing_left, run_fleet
from tests.support.wrong_servers import FIRST_RELEASE, REDIRECT, SIGN_IN, server_that


@contextmanager
def unresolved() -> Iterator[str]:
    yield "https://no-such-host.invalid"


@contextmanager
def closed() -> Iterator[str]:
    yield "http://127.0.0.1:1"


@pytest.mark.parametrize(
    ("case", "code", "words"),
    [
        ("redirect", 78, "redirects to https://new.example/ai-energy/register: if that is the server, name it with"),
        ("first release", 78, "has no /ai-energy calls: it is not a NeoNet server, or one of the first public release"),
        ("certificate", 78, "name its PEM file with FLEET_HTTP__CA_FILE"),
        ("sign-in", 76, "something else answers in place of"),
        ("host", 68, "the name no-such-host.invalid does not resolve"),
        ("closed", 69, "does not answer"),
    ],
)
def test_a_server_that_never_gives_a_job_is_given_up(
    engine: EngineName, tmp_path: Path, case: str, code: int, words: str
) -> None:
    settings = {"FLEET_HTTP__ENGINE": engine}
    servers = {
        "redirect": lambda: server_that(REDIRECT),
        "first release": lambda: server_that(FIRST_RELEASE),
        "certificate": lambda: server_that(SIGN_IN, certified_in=tmp_path),
        "sign-in": lambda: server_that(SIGN_IN),
        "host": unresolved,
        "closed": closed,
    }
    with (
        servers[case]() as url,
        farm(tmp_path / "farm", "--server", url, "--give-up", "3s", settings=settings) as process,
    ):
        assert process.wait() == code, process.words()
        nothing_left(process)
    assert f"fleet: nothing was mined: {'' if case in {'sign-in', 'host', 'certificate'} else url}" in process.err
    assert process.err.count("nothing was mined") == 1
    assert words in process.err
    assert "books compared" not in process.out
    assert "Traceback" not in process.out + process.err
    assert "JSONDecodeError" not in process.out + process.err
    if case != "closed":
        assert f"[WARN]   {process.err.partition('nothing was mined: ')[2].splitlines()[0]}" in process.out


def test_a_run_of_a_set_time_without_a_job_is_no_success(tmp_path: Path) -> None:
    with server_that(SIGN_IN) as url, farm(tmp_path, "--server", url, "--for", "3s", "--json") as process:
        assert process.wait() == 76, process.words()
    nothing = figures(process)["nothing_mined"]
    assert nothing["trouble"] == "foreign"
    assert 'the page "Sign in to the hotel\'s network"' in nothing["text"]


def test_a_file_of_authorities_that_is_not_there_is_said_before_anything_starts(tmp_path: Path) -> None:
    settings = farm_settings(tmp_path, {"FLEET_HTTP__CA_FILE": str(tmp_path / "none.pem")})
    done = run_fleet("up", "--server", "https://127.0.0.1:1", folder=tmp_path, settings=settings)
    assert done.returncode == 78
    assert done.stderr == f"fleet: FLEET_HTTP__CA_FILE: {tmp_path}/none.pem: No such file or directory\n"
    assert done.stdout == ""


@pytest.mark.parametrize("given", ["-1s", "soon", "2y"])
def test_a_patience_that_is_no_time_is_refused(tmp_path: Path, given: str) -> None:
    assert run_fleet("up", "--give-up", given, folder=tmp_path, settings=farm_settings(tmp_path)).returncode == 64
