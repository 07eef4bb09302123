"""A ledger that is deleted while a farm mines: the farm ends with words, nothing is lost, and no empty one is begun."""

from __future__ import annotations

import json
import stat
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

from tests.support.farms import book, earned, farm, farm_settings, figures, simulator, state
from tests.support.processes import run_fleet, stop


def test_a_deleted_ledger_is_noticed_saved_asked_for_at_the_next_start_and_goes_on_where_it_was(tmp_path: Path) -> None:
    with simulator(tmp_path / "simulator") as (_, url):
        folder = tmp_path / "farm"
        ledger = state(folder) / "ledger.sqlite"
        options = ("--server", url, "--miners", "2", "--json")
        with farm(folder, *options, "--for", "2s") as process:
            assert process.wait() == 0, process.words()
            (head,) = figures(process)["heads"]
            assert f"ledger head: {head['entries']} entries of {url}\n  {head['head']}" in process.err
        with farm(folder, *options) as process:
            process.says("[REWARD]", times=20)
            for path in ledger.parent.glob("ledger.sqlite*"):
                path.unlink()
            assert process.wait() == 73, process.words()
            assert f"fleet: {ledger} was deleted while the farm ran; its content is in {ledger}.rescued-" in process.err
        (saved,) = ledger.parent.glob("ledger.sqlite.rescued-*")
        assert not ledger.exists()
        with farm(folder, *options) as process:
            assert process.wait() == 73, process.words()
            assert f"fleet: the ledger {ledger} is gone: at " in process.err
            assert f"put {saved} in its place, or remove {ledger.with_name('ledger.heads')}" in process.err
        assert not ledger.exists()
        saved.rename(ledger)
        with farm(folder, *options) as process:
            process.says("[REWARD]", times=10)
            assert stop(process) == 0, process.words()
            assert figures(process)["rewards"]["difference_nnet"] == 0
        assert earned(folder, url) == book(url)
        done = run_fleet("ledger", "verify", folder=folder, settings=farm_settings(folder, {"FLEET_SERVER": url}))
        assert done.returncode == 0, done.stdout


def test_an_empty_ledger_beside_a_server_that_paid_before_is_a_warning(tmp_path: Path) -> None:
    with simulator(tmp_path / "simulator") as (_, url):
        options = ("--server", url, "--id", "rig-1", "--json", "--for", "2s")
        with farm(tmp_path / "one", *options) as process:
            assert process.wait() == 0, process.words()
            assert "this ledger has no record of it" not in process.err
        with farm(tmp_path / "another", *options) as process:
            assert process.wait() == 0, process.words()
            assert "[WARN]   the server has paid this miner before, but this ledger has no record of it" in process.err


def test_a_restored_older_copy_is_doubted_aloud(tmp_path: Path) -> None:
    with simulator(tmp_path / "simulator") as (_, url):
        folder = tmp_path / "farm"
        ledger = state(folder) / "ledger.sqlite"
        options = ("--server", url, "--miners", "1", "--json", "--for", "2s")
        with farm(folder, *options) as process:
            assert process.wait() == 0, process.words()
        older = ledger.read_bytes()
        with farm(folder, *options) as process:
            assert process.wait() == 0, process.words()
        ledger.write_bytes(older)
        with farm(folder, *options) as process:
            assert process.wait() == 0, process.words()
            assert "is missing: this ledger is an older copy or another one, or was cut off" in process.err
        done = run_fleet("ledger", "verify", folder=folder, settings=farm_settings(folder, {"FLEET_SERVER": url}))
        assert done.returncode == 65
        assert "by the head that ledger.heads kept at" in done.stdout


def test_everything_that_a_farm_keeps_is_for_its_user_alone(tmp_path: Path) -> None:
    with farm(tmp_path, "--miners", "1", "--for", "2s") as process:
        assert process.wait() == 0, process.words()
    kept = [path for path in state(tmp_path).rglob("*") if not path.is_symlink()]
    assert len(kept) > 5
    open_to_others = [path for path in [state(tmp_path), *kept] if stat.S_IMODE(path.stat().st_mode) & 0o077]
    assert open_to_others == []


def test_heads_are_posted_where_the_settings_say_and_a_place_that_fails_is_named(tmp_path: Path) -> None:
    taken: list[dict[str, Any]] = []

    class Shelf(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            taken.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing is written to the test's stderr."""

    with HTTPServer(("127.0.0.1", 0), Shelf) as shelf:
        threading.Thread(target=shelf.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{shelf.server_port}/heads"
        options = ("--miners", "1", "--for", "2s", "--json")
        with farm(tmp_path, *options, settings={"FLEET_HEAD_URL": url}) as process:
            assert process.wait() == 0, process.words()
            assert f"[OK]     the ledger's heads were posted to {url}" in process.err
            (kept,) = figures(process)["heads"]
        shelf.shutdown()
    (posted,) = taken
    assert [one | {"at": ""} for one in posted["heads"]] == [kept | {"at": ""}]
    with farm(tmp_path, *options, settings={"FLEET_HEAD_URL": url}) as process:
        assert process.wait() == 0, process.words()
        assert f"[WARN]   the ledger's heads were not posted to {url}: " in process.err
