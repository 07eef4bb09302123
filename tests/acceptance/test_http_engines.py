"""A farm by either engine of HTTP, through a proxy, and with settings that can't be met."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleet.server.http.choice import EngineName
from tests.support.farms import MINERS, book, earned, farm, farm_settings, simulator
from tests.support.forward_proxy import forward_proxy
from tests.support.processes import ROOT, nothing_left, run_fleet

#: what a machine without libcurl says
BROKEN = 'raise ImportError("libcurl.so.4: cannot open shared object file")\n'


@pytest.fixture
def without_curl(tmp_path: Path) -> dict[str, str]:
    """An environment in which pycurl can't be imported."""
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "pycurl.py").write_text(BROKEN, encoding="utf-8")
    return {"PYTHONPATH": f"{folder}:{ROOT}"}


def test_a_farm_mines_by_either_engine_and_its_ledger_equals_the_server_s_book(
    engine: EngineName, tmp_path: Path
) -> None:
    with simulator(tmp_path / "server") as (_, url):
        options = ("--server", url, "--miners", MINERS, "--for", "4s")
        with farm(tmp_path / "farm", *options, settings={"FLEET_HTTP__ENGINE": engine}) as process:
            assert process.wait() == 0, process.words()
            nothing_left(process)
        assert "[GAS]" in process.out
        paid = book(url)
        assert len(paid) == int(MINERS)
        assert earned(tmp_path / "farm", url) == paid


def test_without_libcurl_a_farm_mines_all_the_same(tmp_path: Path, without_curl: dict[str, str]) -> None:
    with farm(tmp_path / "farm", "--for", "3s", settings=without_curl) as process:
        assert process.wait() == 0, process.words()
    assert "[REWARD]" in process.out


@pytest.mark.parametrize("command", ["up", "coordinator"])
def test_libcurl_asked_for_and_not_there_is_said_before_anything_starts(
    tmp_path: Path, without_curl: dict[str, str], command: str
) -> None:
    given = without_curl | {
        "FLEET_HTTP__ENGINE": "curl",
        "FLEET_SERVER": "https://127.0.0.1:1",
        "FLEET_REDIS_URL": "redis://127.0.0.1:1",
    }
    done = run_fleet(command, folder=tmp_path, settings=farm_settings(tmp_path, given))
    assert done.returncode == 78
    assert done.stderr == (
        "fleet: FLEET_HTTP__ENGINE=curl needs pycurl: libcurl.so.4: cannot open shared object file; "
        "pip install 'neonet-fleet[fast]', or leave it at auto\n"
    )
    assert done.stdout == ""


@pytest.mark.parametrize("way", ["url", "env"])
def test_all_calls_of_a_farm_go_through_the_proxy(tmp_path: Path, engine: EngineName, way: str) -> None:
    with simulator(tmp_path / "server") as (_, url), forward_proxy() as proxy:
        settings = {"FLEET_HTTP__ENGINE": engine, "FLEET_HTTP__PROXY": proxy.url if way == "url" else way}
        if way == "env":
            settings |= {"HTTP_PROXY": proxy.url, "NO_PROXY": "elsewhere.example"}
        with farm(tmp_path / "farm", "--server", url, "--for", "3s", settings=settings) as process:
            assert process.wait() == 0, process.words()
        assert "[REWARD]" in process.out
    paths = {line.split()[1].removeprefix(url) for line in proxy.lines}
    assert {"/ai-energy/submit-result", "/ai-energy/stop-session", "/api/gas/info"} <= paths
    assert all(line.split()[1].startswith(url) for line in proxy.lines)


def test_a_proxy_that_can_not_be_used_is_said_before_anything_is_asked(tmp_path: Path) -> None:
    given = {
        "FLEET_HTTP__PROXY": "env",
        "HTTPS_PROXY": "socks5://proxy.lan:1080",
        "FLEET_SERVER": "https://127.0.0.1:1",
        "FLEET_REDIS_URL": "redis://127.0.0.1:1",
    }
    done = run_fleet("coordinator", folder=tmp_path, settings=farm_settings(tmp_path, given))
    assert done.returncode == 78
    assert done.stderr == (
        "fleet: FLEET_HTTP__PROXY=env: the environment names a proxy by socks5://, and only http:// works\n"
    )


@pytest.mark.parametrize(
    "given", ["socks5://proxy.lan", "https://proxy.lan", "proxy.lan:3128", "http://proxy.lan/path"]
)
def test_a_proxy_that_is_no_http_url_is_refused_and_not_shown(tmp_path: Path, given: str) -> None:
    settings = farm_settings(tmp_path, {"FLEET_HTTP__PROXY": given})
    done = run_fleet("config", folder=tmp_path, settings=settings)
    assert done.returncode == 78
    assert "FLEET_HTTP__PROXY" in done.stderr
    assert given not in done.stderr


def test_the_password_of_a_proxy_is_shown_nowhere(tmp_path: Path) -> None:
    settings = farm_settings(tmp_path, {"FLEET_HTTP__PROXY": "http://user:a-long-password@proxy.lan:3128"})
    done = run_fleet("config", folder=tmp_path, settings=settings)
    assert done.returncode == 0, done.stderr
    assert "http.proxy" in done.stdout
    assert "a-long-password" not in done.stdout + done.stderr
