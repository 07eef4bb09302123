"""One farm at two servers whose job ids are equal: each account is exact, a ban or an outage stays with its server.

One file: all tests start the same farm at two servers, and read its figures by the same few functions.
"""

from __future__ import annotations

import json
import os
import signal
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fleet.ledger.reports.sqlite_reader import fetch_all
from fleet.ledger.storage.places import LedgerPlace
from fleet.local.redis_server import free_port
from tests.support.farms import asked, book, farm, figures, simulator, state
from tests.support.processes import Started, eventually, run_fleet

pytestmark = pytest.mark.timeout(180)

#: with one seed, both simulators hand out jobs of the same ids
SEED = ("--seed", "7")


@contextmanager
def two_servers(
    folder: Path, *, second_priority: int, settings: Mapping[str, str] | None = None
) -> Iterator[tuple[Started, Path, str, str]]:
    """A farm of four miners at two servers, its folder, and the URLs of the servers."""
    with (
        simulator(folder / "one", *SEED) as (_, one),
        simulator(folder / "two", *SEED) as (_, two),
        farm_at(folder, one, two, second_priority=second_priority, settings=settings) as (process, home),
    ):
        yield process, home, one, two


@contextmanager
def farm_at(
    folder: Path, one: str, two: str, *, second_priority: int, settings: Mapping[str, str] | None = None
) -> Iterator[tuple[Started, Path]]:
    """A farm of four miners at the servers of these URLs, and its folder."""
    home = folder / "farm"
    home.mkdir()
    tables = [
        {"name": "main", "url": one, "weight": 3},
        {"name": "side", "url": two, "priority": second_priority},
    ]
    given = {
        "FLEET_SERVER": json.dumps(tables),
        "FLEET_FAILOVER__AFTER_S": "1",
        "FLEET_FAILOVER__BACK_S": "2",
        "FLEET_HTTP__CALL_DEADLINE_S": "5",
    }
    with farm(home, "--miners", "4", "--json", settings=given | dict(settings or {})) as process:
        yield process, home


def accepted(url: str) -> int:
    return int(asked(url, "/simulator/requests")["accepted"])


def booked(home: Path) -> dict[str, dict[str, Decimal]]:
    """What the ledger holds by server and miner id."""
    place = LedgerPlace(url=f"sqlite:///{state(home) / 'ledger.sqlite'}", simulated=False)
    query = (
        "SELECT servers.name, miners.miner_id, amount FROM entries "
        "JOIN miners ON miners.id = entries.miner JOIN servers ON servers.id = entries.server"
    )
    found: dict[str, dict[str, Decimal]] = {}
    for server, miner, amount in fetch_all(place, query):
        sums = found.setdefault(server, {})
        sums[miner] = sums.get(miner, Decimal(0)) + Decimal(amount)
    return found


def more(url: str, by: int) -> None:
    """Wait until the server has accepted some jobs more."""
    before = accepted(url)
    eventually(f"{by} more jobs at {url}", lambda: accepted(url) >= before + by)


def stopped(process: Started) -> dict[str, Any]:
    process.send(15)
    assert process.wait(60) == 0, process.words()
    return figures(process)


def shown(home: Path, *words: str) -> Any:
    done = run_fleet(*words, folder=home, settings={"FLEET_STATE_DIR": str(state(home))})
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout, parse_float=Decimal)


def test_two_servers_of_one_priority_are_mined_together_and_a_ban_stays_with_one(tmp_path: Path) -> None:
    with two_servers(tmp_path, second_priority=1) as (process, home, one, two):
        more(one, 20)
        more(two, 20)
        rows = {row["server"]: row for row in shown(home, "status", "--json")["servers"]}
        assert {name: (row["state"], row["miners"]) for name, row in rows.items()} == {
            "main": ("mining", 3),
            "side": ("mining", 1),
        }
        asked(one, "/simulator/faults", {"faults": ["blocked,count=1,value=600"]})
        process.says("the server refuses all calls from this address")
        assert "[WARN]   main: " in process.err
        refused = asked(one, "/simulator/requests")["refused_403"]
        more(two, 20)
        assert asked(one, "/simulator/requests")["refused_403"] == refused <= 8
        status = shown(home, "status", "--json")
        assert {row["server"]: row["state"] for row in status["servers"]} == {"main": "banned", "side": "mining"}
        assert "server main" in [wrong["subject"] for wrong in status["wrong"]]
        asked(one, "/simulator/unban", {})
        process.send(15)
        assert process.wait(60) == 76, process.words()
        assert booked(home) == {one: book(one), two: book(two)}
        assert len({miner for of_server in booked(home).values() for miner in of_server}) == 4
    ids = [job_ids(home, server) for server in (one, two)]
    both = ids[0] & ids[1]
    assert both, "the simulators had no job id in common"
    for name, server in (("main", one), ("side", two)):
        tables = json.dumps([{"name": "main", "url": one}, {"name": "side", "url": two}])
        done = run_fleet(
            "explain",
            "job",
            f"{name}:{min(both)}",
            "--json",
            folder=home,
            settings={"FLEET_STATE_DIR": str(state(home)), "FLEET_SERVER": tables},
        )
        assert [life["server"] for life in json.loads(done.stdout)] == [server]


def job_ids(home: Path, server: str) -> set[str]:
    """Ids of the server's jobs, by the exported entries."""
    done = run_fleet("ledger", "export", "-", "--json", folder=home, settings={"FLEET_STATE_DIR": str(state(home))})
    assert done.returncode == 0, done.stderr
    return {row["job_id"] for row in json.loads(done.stdout) if row["server"] == server and row["job_id"]}


def test_a_later_priority_takes_over_while_the_first_is_down_and_hands_back(tmp_path: Path) -> None:
    with two_servers(tmp_path, second_priority=2) as (process, home, one, two):
        more(one, 20)
        assert accepted(two) == 0
        asked(one, "/simulator/faults", {"faults": ["drop_before"]})
        process.says("main takes no calls: mining at side until one does")
        more(two, 20)
        asked(one, "/simulator/faults", {"faults": []})
        process.says("main has paid for 2 s: leaving side")
        eventually("no session at side", lambda: asked(two, "/simulator/requests")["sessions_open"] == 0)
        at_side = accepted(two)
        more(one, 20)
        assert accepted(two) == at_side
        told = stopped(process)
        assert told["rewards"]["difference_nnet"] == 0
        assert {row["server"]: row["difference_nnet"] for row in told["servers"]} == {"main": 0, "side": 0}
        assert booked(home) == {one: book(one), two: book(two)}


def test_a_server_that_is_killed_and_comes_back_without_memory_leaves_both_accounts_exact(tmp_path: Path) -> None:
    port = ("--port", str(free_port()))
    with ExitStack() as first, simulator(tmp_path / "two", *SEED) as (_, two):
        killed, one = first.enter_context(simulator(tmp_path / "one", *SEED, *port))
        with farm_at(tmp_path, one, two, second_priority=2) as (process, home):
            more(one, 20)
            # nothing is paid from then on, so that its book is final when it is read
            asked(one, "/simulator/faults", {"faults": ["drop_before"]})
            process.says("main takes no calls: mining at side until one does")
            before = book(one)
            killed.send(signal.SIGKILL)
            first.close()
            more(two, 20)
            with simulator(tmp_path / "again", "--seed", "8", *port) as (_, again):
                assert again == one
                process.says("main has paid for 2 s: leaving side")
                eventually("no session at side", lambda: asked(two, "/simulator/requests")["sessions_open"] == 0)
                more(one, 20)
                told = stopped(process)
                after = book(one)
            assert told["rewards"]["difference_nnet"] == 0
            assert {row["server"]: row["difference_nnet"] for row in told["servers"]} == {"main": 0, "side": 0}
            assert before.keys() == after.keys()
            assert booked(home) == {one: {miner: before[miner] + after[miner] for miner in before}, two: book(two)}


def test_a_coordinator_killed_at_the_standby_goes_on_there_and_then_hands_back(tmp_path: Path) -> None:
    with two_servers(tmp_path, second_priority=2) as (process, home, one, two):
        more(one, 20)
        asked(one, "/simulator/faults", {"faults": ["drop_before"]})
        process.says("main takes no calls: mining at side until one does")
        more(two, 20)
        at_main = accepted(one)
        os.kill(process.child("fleet coordinator").pid, signal.SIGKILL)
        process.says("the coordinator ended with -9")
        process.says("adopted")
        more(two, 20)
        assert accepted(one) == at_main
        assert "leaving side" not in process.err
        asked(one, "/simulator/faults", {"faults": []})
        process.says("main has paid for 2 s: leaving side")
        eventually("no session at side", lambda: asked(two, "/simulator/requests")["sessions_open"] == 0)
        more(one, 20)
        told = stopped(process)
        assert told["rewards"]["difference_nnet"] == 0
        assert {row["server"]: row["difference_nnet"] for row in told["servers"]} == {"main": 0, "side": 0}
        assert booked(home) == {one: book(one), two: book(two)}


def test_replay_computes_the_jobs_of_each_server_by_the_numbers_that_its_workers_drew(tmp_path: Path) -> None:
    with two_servers(tmp_path, second_priority=1) as (process, home, one, two):
        more(one, 20)
        more(two, 20)
        stopped(process)
        told = shown(home, "replay", "--last", "100000", "--json")
        assert Counter(row["server"] for row in told["replays"]) == {one: accepted(one), two: accepted(two)}
    assert told["same"] > 0
    assert told["same"] + told["within_tolerance"] == told["jobs"], "all are of this host"
    assert all(row["proven"] for row in told["replays"])
    # both servers hand out jobs of the same ids
    twice = next(job_id for job_id, count in Counter(row["job_id"] for row in told["replays"]).items() if count == 2)
    assert {row["server"] for row in shown(home, "replay", twice, "--json")["replays"]} == {one, two}
