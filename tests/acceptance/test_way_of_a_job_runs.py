"""The way of a job in docs/architecture.md: a farm's processes run its functions in the order of the page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from tests.support.farms import farm, simulator
from tests.support.processes import ROOT, stop

_ROW = re.compile(r"^\| `((?:fleet|tasks)(?:\.\w+)+)` \|", re.MULTILINE)

#: called only where several jobs share a message
_SHARED = "tasks.worker.bundle.compute_each"
#: run beside others: a read waits for the result before there is one, and the worker may have the message before the
#: coordinator learns that Redis has it
_BESIDE = {
    "fleet.coordinator.scheduling.scheduler.Farm.on_published",
    "fleet.miner.attempts.Attempts.published",
    "fleet.broker.dispatch.Dispatcher.acknowledge",
    "fleet.broker.stream.Stream.read",
}
_RECEIPT = "fleet.server.protocol.parse_receipt"


def rows() -> list[str]:
    """The functions that the section's tables name, in their order."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    return _ROW.findall(page.partition("\n## The way of a job\n")[2].partition("\n## ")[0])


def in_order(way: Sequence[str], called: Sequence[str]) -> str:
    """The first function of `way` that was not called after the ones before it; empty if each was."""
    at = 0
    for name in way:
        if name not in called[at:]:
            return name
        at = called.index(name, at) + 1
    return ""


def test_a_job_takes_the_way_that_the_page_describes(tmp_path: Path) -> None:
    page, notes = [name for name in rows() if name != _SHARED], tmp_path / "way"
    settings = {
        "PYTHONPATH": f"{ROOT / 'tests' / 'support' / 'way'}:{ROOT}",
        "NEONET_TEST_WAY_NAMES": " ".join(page),
        "NEONET_TEST_WAY_FILE": str(notes),
    }
    with (
        simulator(tmp_path / "simulator") as (_, url),
        farm(tmp_path / "farm", "--server", url, "--miners", "1", settings=settings) as process,
    ):
        process.says("[REWARD]", times=10)
        assert stop(process) == 0, process.words()
    way = [name for name in page if name not in _BESIDE]
    lines = (line.split() for line in notes.read_text().splitlines())
    called = [name for _, name in sorted((int(at), name) for at, name in lines)]
    # one miner has one fetched job at a time: between two receipts there is one whole way
    receipts = [at for at, name in enumerate(called) if name == _RECEIPT]
    ways = [
        called[before : called.index(way[-1], receipt) + 1]
        for before, receipt in pairwise(receipts[3:])
        if way[-1] in called[receipt:]
    ]
    assert ways
    assert all(set(one) >= _BESIDE for one in ways)
    assert not min((in_order(way, one) for one in ways), key=bool), [in_order(way, one) for one in ways]
    swapped = [[*way[:at], *way[at : at + 2][::-1], *way[at + 2 :]] for at in range(len(way) - 1)]
    caught = sum(all(in_order(other, one) for one in ways) for other in swapped)
    assert caught > 0.75 * len(swapped), f"only {caught} of {len(swapped)} other orders would be noticed"
