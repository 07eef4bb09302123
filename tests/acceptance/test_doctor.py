"""`fleet doctor` as a user runs it, beside a farm that mines and without one."""

from __future__ import annotations

from pathlib import Path

from fleet.local.redis_server import free_port
from tests.support.diagnoses import OF_THE_MACHINE, doctor
from tests.support.farms import asked, farm, farm_settings, simulator, state
from tests.support.processes import run_fleet, stop


def sound(checks: dict[str, dict[str, str]]) -> None:
    """Assert that no check found a fault of the farm."""
    faults = [one for one in checks.values() if one["grade"] == "fail"]
    faults += [one for name, one in checks.items() if one["grade"] == "warn" and name not in OF_THE_MACHINE]
    assert not faults, faults


def test_nothing_is_wrong_with_a_farm_while_it_mines_and_it_mines_on(tmp_path: Path) -> None:
    folder = tmp_path / "farm"
    with simulator(tmp_path / "simulator") as (_, url):
        settings = farm_settings(
            folder, {"FLEET_SERVER": url, "FLEET_MINERS": "3", "FLEET_WEB__PORT": f"{free_port()}"}
        )
        with farm(folder, settings=settings) as process:
            process.says("[REWARD]", times=5)
            started = asked(url, "/simulator/requests")["sessions_started"]
            done, checks = doctor(folder, settings)
            assert done.returncode == 0, done.stdout + done.stderr
            sound(checks)
            for name in ("server", "redis", "redis rights", "redis writes", "workers", "ledger", "state folder"):
                assert checks[name]["grade"] == "ok", checks[name]
            assert "this user's coordinator" in checks["coordinator port"]["found"]
            assert "entries of real rewards" in checks["ledger"]["found"]
            tried = run_fleet("upgrade-check", folder=folder, settings=settings)
            assert tried.returncode == 0, tried.stdout + tried.stderr
            assert "ok    order: coordinator first" in tried.stdout
            process.says("[REWARD]", times=process.out.count("[REWARD]") + 5)
            proved = run_fleet("upgrade-check", "--proof", folder=folder, settings=settings)
            assert proved.returncode == 0, proved.stdout + proved.stderr
            assert ", lost 0; entries before " in proved.stdout
            assert asked(url, "/simulator/requests")["sessions_started"] == started
            assert stop(process) == 0, process.words()
        ids = (state(folder) / "miner-ids").read_text(encoding="utf-8").split()
        assert ids
        assert not [one for one in ids if one in done.stdout]


def test_a_farm_on_its_own_simulator_is_found_without_any_setting(tmp_path: Path) -> None:
    with farm(tmp_path / "farm", "--latency", "20") as process:
        process.says("[REWARD]", times=2)
        done, checks = doctor(tmp_path / "farm", farm_settings(tmp_path / "farm"))
        assert done.returncode == 0, done.stdout
        sound(checks)
        assert checks["server"]["grade"] == checks["redis"]["grade"] == "ok"
        # the same machine as a host of workers: it needs no invitation
        done, checks = doctor(tmp_path / "farm", farm_settings(tmp_path / "farm"), "--host")
        assert done.returncode == 0, done.stdout
        sound(checks)
        assert "`fleet up` runs in" in checks["farm"]["found"]
        assert checks["redis"]["grade"] == "ok"
        assert "fleet join" not in done.stdout


def test_without_a_farm_what_can_not_be_checked_says_so_and_nothing_is_made(tmp_path: Path) -> None:
    done, checks = doctor(tmp_path, farm_settings(tmp_path))
    assert done.returncode == 0
    for name in ("server", "redis"):
        assert checks[name]["grade"] == "not_checked"
        assert checks[name]["found"].startswith("not checked: ")
    assert not state(tmp_path).exists()


def test_a_fault_ends_with_69_and_its_advice_and_no_secret(tmp_path: Path) -> None:
    settings = farm_settings(tmp_path) | {"FLEET_REDIS_URL": "redis://:a-long-password@127.0.0.1:1/0"}
    done = run_fleet("doctor", folder=tmp_path, settings=settings)
    assert done.returncode == 69
    lines = done.stdout.splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("FAIL  redis: "))
    assert lines[at + 1].startswith("      → start Redis")
    assert "a-long-password" not in done.stdout + done.stderr
    assert lines[-1].endswith("not checked")
    assert "1 fail" in lines[-1]


def test_wrong_settings_are_one_fault(tmp_path: Path) -> None:
    (tmp_path / "fleet.toml").write_text('miners = "many"\n', encoding="utf-8")
    done, checks = doctor(tmp_path, {})
    assert done.returncode == 69
    assert checks["settings"]["grade"] == "fail"
    assert "fleet.toml" in checks["settings"]["found"]
    assert list(checks) == ["settings"]


def test_fix_makes_the_state_folder_private(tmp_path: Path) -> None:
    folder = state(tmp_path)
    folder.mkdir(mode=0o755)
    (folder / "ledger.heads").touch()
    folder.chmod(0o755)
    done, checks = doctor(tmp_path, farm_settings(tmp_path), "--fix")
    assert checks["state folder"]["grade"] == "ok", done.stdout
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_server_whose_ban_is_known_is_not_called(tmp_path: Path) -> None:
    folder = tmp_path / "farm"
    with simulator(tmp_path / "simulator", "--fault", "blocked,after=20,count=1,value=3000") as (_, url):
        settings = farm_settings(folder, {"FLEET_SERVER": url, "FLEET_MINERS": "1"})
        with farm(folder, settings=settings) as process:
            process.says("the server refuses all calls from this address")
            stop(process)
        before = asked(url, "/simulator/requests")["requests_total"]
        _, checks = doctor(folder, settings)
        assert checks["server"]["grade"] == "warn"
        assert "was not called" in checks["server"]["found"]
        assert asked(url, "/simulator/requests")["requests_total"] == before
