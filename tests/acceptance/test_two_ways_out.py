"""Two servers in one PostgreSQL ledger, each called by its own way out: a kill and an outage change no account."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.acceptance.test_several_servers import SEED, more, stopped
from tests.support.farms import asked, book, farm, farm_settings, simulator
from tests.support.forward_proxy import forward_proxy
from tests.support.lacks import lacks
from tests.support.listener import listening
from tests.support.postgres import postgres
from tests.support.processes import eventually, run_fleet
from tests.support.relay import relay

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux has all of 127.0.0.0/8 on its loopback"),
]


@contextmanager
def front(url: str) -> Iterator[tuple[str, set[str]]]:
    """The address of a front of a server, and the addresses that called it."""
    there, callers = urlsplit(url), set[str]()

    def play(here: socket.socket, _: int) -> None:
        callers.add(here.getpeername()[0])
        with socket.create_connection((there.hostname or "", there.port or 0)) as server:
            threading.Thread(target=relay, args=(server, here), daemon=True).start()
            relay(here, server)

    with listening(play) as listener:
        yield listener.url, callers


def test_each_server_is_called_by_its_own_way_out_and_both_accounts_are_exact_in_one_database(tmp_path: Path) -> None:
    if importlib.util.find_spec("psycopg") is None:
        lacks("no psycopg: .venv/bin/pip install 'psycopg[binary]'")
    with (
        postgres() as database,
        simulator(tmp_path / "one", *SEED) as (_, one),
        simulator(tmp_path / "two", *SEED) as (_, two),
        forward_proxy() as proxy,
        front(two) as (side, callers),
    ):
        home = tmp_path / "farm"
        home.mkdir()
        tables = [
            {"name": "main", "url": one, "proxy": proxy.url},
            {"name": "side", "url": side, "priority": 2, "interface": "127.0.0.2"},
        ]
        settings = {
            "FLEET_SERVER": json.dumps(tables),
            "FLEET_LEDGER_URL": database.url,
            "FLEET_FAILOVER__AFTER_S": "1",
            "FLEET_FAILOVER__BACK_S": "2",
            "FLEET_HTTP__CALL_DEADLINE_S": "5",
        }
        with farm(home, "--miners", "3", "--json", settings=settings) as process:
            more(one, 20)
            assert callers == set()
            asked(one, "/simulator/faults", {"faults": ["drop_before"]})
            process.says("main takes no calls: mining at side until one does")
            more(two, 20)
            os.kill(process.child("fleet coordinator").pid, signal.SIGKILL)
            process.says("adopted")
            more(two, 10)
            asked(one, "/simulator/faults", {"faults": []})
            process.says("main has paid for 2 s: leaving side")
            eventually("no session at side", lambda: asked(two, "/simulator/requests")["sessions_open"] == 0)
            told = stopped(process)
        assert told["rewards"]["difference_nnet"] == 0
        assert {urlsplit(line.split()[1]).netloc for line in proxy.lines} == {urlsplit(one).netloc}
        assert callers == {"127.0.0.2"}
        exact(home, farm_settings(home, settings), {one: book(one), side: book(two)})


def exact(home: Path, settings: dict[str, str], paid: dict[str, dict[str, Decimal]]) -> None:
    """Each account holds what its server paid, by server and miner id, and the ledger is whole."""
    done = run_fleet("rewards", "--json", "--ids", folder=home, settings=settings)
    rows = json.loads(done.stdout, parse_float=Decimal, parse_int=Decimal)["rows"]
    for server, of_server in paid.items():
        assert {row["miner_id"]: row["total_nnet"] for row in rows if row["server"] == server} == of_server
    done = run_fleet("ledger", "verify", folder=home, settings=settings)
    assert done.returncode == 0, done.stdout + done.stderr
