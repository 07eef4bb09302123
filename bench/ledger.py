"""Ledger: entries per second by group commit, bytes per job, and the time of `fleet rewards` on a million jobs.

python -m bench ledger
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

from bench import million
from bench.processes import clean_environ
from bench.rows import Bound, Row
from fleet.domain.effects import Booked
from fleet.ledger.ledger import Ledger
from fleet.ledger.storage.engine import open_engine

#: rows of one kind in a commit, as in a turn of the loop at full flow
GROUP = 100
RUNS = 3
GROUPS = 40


def ledger() -> list[Row]:
    """Rows on speed, size and reading."""
    path = million.ledger_file()
    size_mb = path.stat().st_size / 1e6
    return [
        Row(
            part="ledger",
            name=f"entries, {GROUP} a commit",
            unit="entries/s",
            target=5000,
            bound=Bound.AT_LEAST,
            runs=[_entries_per_s() for _ in range(RUNS)],
        ),
        Row(
            part="ledger",
            name=f"whole lives of jobs (5 states and an entry), {GROUP} a commit",
            unit="jobs/s",
            runs=[_lives_per_s() for _ in range(RUNS)],
        ),
        Row(part="ledger", name=f"size with {million.JOBS:,} jobs", runs=[size_mb], unit="MB", target=600),
        Row(
            part="ledger",
            name=f"`fleet rewards` over {million.JOBS:,} jobs",
            unit="ms",
            target=300,
            runs=[_rewards_ms(path) for _ in range(2 * RUNS)],
        ),
    ]


def _entries_per_s() -> float:
    with tempfile.TemporaryDirectory() as folder, _new(Path(folder)) as book:
        groups = [
            [Booked(entry=million.entry(number, str(uuid.uuid4()))) for number in range(GROUP)] for _ in range(GROUPS)
        ]
        started = time.perf_counter()
        for group in groups:
            book.commit(group)
        return GROUP * GROUPS / (time.perf_counter() - started)


def _lives_per_s() -> float:
    with tempfile.TemporaryDirectory() as folder, _new(Path(folder)) as book:
        turns = [turn for n in range(GROUPS // 4) for turn in million.lives(range(n * GROUP, (n + 1) * GROUP))]
        started = time.perf_counter()
        for turn in turns:
            book.commit(turn)
        return GROUP * (GROUPS // 4) / (time.perf_counter() - started)


def _new(folder: Path) -> Ledger:
    book = Ledger(open_engine(f"sqlite:///{folder / 'ledger.sqlite3'}"), million.SERVER)
    book.commit(million.openings())
    return book


def _rewards_ms(path: Path) -> float:
    settings = {"FLEET_SERVER": million.SERVER, "FLEET_LEDGER_URL": f"sqlite:///{path}"}
    argv = [sys.executable, "-m", "fleet", "rewards"]
    started = time.perf_counter()
    subprocess.run(argv, env=clean_environ() | settings, check=True, stdout=subprocess.DEVNULL)
    return (time.perf_counter() - started) * 1000
