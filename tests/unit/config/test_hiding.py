"""Ids in what a process writes about itself: shortened, also where an exception ends it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from config.hiding import shortened_id, shortened_prefix, without_addresses
from tests.support.processes import ROOT

WALLET = "neo1" + "5f0c3b9a7e" * 4
BARE = "0x" + "0f1e2d3c4b" * 4


def test_an_id_is_shown_by_its_ends_unless_it_is_too_short_to_be_a_wallet() -> None:
    assert shortened_id(WALLET) == "neo1..9a7e"
    assert shortened_id("neo1abc123") == "neo1..c123"
    assert shortened_id("rig-a1") == "rig-a1"


def test_the_start_of_ids_is_shown_by_its_own_start() -> None:
    assert shortened_prefix(WALLET[:40]) == "neo1.."
    assert shortened_prefix("my-miner") == "my-m.."
    assert shortened_prefix("rig-") == "rig-"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"no {WALLET.upper()} here", "no NEO1..9A7E here"),
        (f"miner.0.{WALLET}, {BARE}!", "miner.0.neo1..9a7e, 0x0f..3c4b!"),
        ("neo1, neo1abcde and 0x12 are no addresses", "neo1, neo1abcde and 0x12 are no addresses"),
    ],
)
def test_addresses_in_a_text_are_shortened(text: str, shown: str) -> None:
    assert without_addresses(text) == shown


RAISING = {
    "the main thread": "fail()",
    "another thread": "import threading; one = threading.Thread(target=fail); one.start(); one.join()",
    "a finalizer": "type('Broken', (), {'__del__': lambda self: fail()})()",
}


@pytest.mark.parametrize("start", ["fleet.cli", "tasks.start"])
@pytest.mark.parametrize("place", RAISING)
def test_an_uncaught_exception_is_reported_without_the_id(place: str, start: str) -> None:
    script = f"""
import fleet.cli, tasks.start

def fail(*args, **kwargs):
    raise RuntimeError("no miner " + "neo1" + "5f0c3b9a7e" * 4)

def broken(*args, **kwargs):
    {RAISING[place]}
    raise SystemExit(3)

fleet.cli._run = tasks.start.load = broken
tasks.start.prepare_blas = int
{start}.main()
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert "RuntimeError: no miner neo1..9a7e" in done.stderr
    assert WALLET not in done.stderr
    assert done.returncode == (1 if place == "the main thread" else 3)
