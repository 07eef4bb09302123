"""Every report states the same of a ledger in PostgreSQL as of one in SQLite that was told the same."""

from __future__ import annotations

import importlib.util
import itertools
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from fleet.domain.causes import Difference, Loss
from fleet.domain.effects import Found, JobMoved, SessionOpened, TotalsSeen
from fleet.domain.jobs import Finding, JobState
from fleet.ledger.ledger import Ledger
from fleet.ledger.storage.engine import open_engine
from tests.support.farms import farm_settings
from tests.support.lacks import lacks
from tests.support.ledger_rows import paid
from tests.support.postgres import Postgres, postgres
from tests.support.processes import run_fleet

REPORTS = (
    "miners --json",
    "miners --ids --json",
    "rewards --json",
    "rewards --by type --json",
    "rewards --by hour --json",
    "rewards --by day --csv",
    # a day begins there within an hour of UTC in which something was booked
    "rewards --by day --tz Australia/Darwin --json",
    "rewards --losses --json",
    "reconcile --json",
    "ledger verify --json",
    "ledger export --json -",
    "ledger export --ids --csv -",
    "explain job job-3 --json",
    "explain job job-7 --json",
)
#: the first commit's time, in UTC milliseconds, and the time between two
FIRST_MS, STEP_MS = 1_790_000_000_000, 17 * 60 * 1000


@pytest.fixture(scope="module")
def database() -> Iterator[Postgres]:
    """An empty database."""
    if importlib.util.find_spec("psycopg") is None:
        lacks("no psycopg: .venv/bin/pip install 'psycopg[binary]'")
    with postgres() as server:
        yield server


def written(url: str) -> None:
    """A ledger with a session, paid jobs in several hours, a lost one, differences and a stated total."""
    times = itertools.count(FIRST_MS, STEP_MS)
    with Ledger(open_engine(url), "https://here.example", now_ms=lambda: next(times)) as ledger:
        ledger.commit([SessionOpened(miner_id="rig-a1", session_id="s1", offset=None)])
        for number in range(6):
            ledger.commit(paid(number))
        given = paid(7)[0]
        lost = JobMoved(
            job_id="job-7", state=JobState.EXPIRED, attempt=1, strikes=0, sends=0, mended=False, loss=Loss.DRAINED
        )
        ledger.commit([given, lost])
        for amount in ("0.5", "-0.25"):
            finding = Finding(kind=Difference.UNKNOWN, amount=Decimal(amount), evidence="the total")
            ledger.commit([Found(miner_id="rig-a1", finding=finding)])
        seen = TotalsSeen(miner_id="rig-a1", total=Decimal("0.85"), verdict="agrees", booked=Decimal("0.6"))
        ledger.commit([seen])


@pytest.fixture(scope="module")
def urls(tmp_path_factory: pytest.TempPathFactory, database: Postgres) -> tuple[str, str]:
    """The two ledgers."""
    both = f"sqlite:///{tmp_path_factory.mktemp('ledger') / 'ledger.sqlite'}", database.url
    for url in both:
        written(url)
    return both


@pytest.mark.parametrize("report", REPORTS)
def test_a_report_states_the_same_of_both(tmp_path: Path, urls: tuple[str, str], report: str) -> None:
    said = []
    for url in urls:
        done = run_fleet(*report.split(), folder=tmp_path, settings=farm_settings(tmp_path, {"FLEET_LEDGER_URL": url}))
        assert done.returncode == 0, done.stdout + done.stderr
        said.append(done.stdout)
    assert said[0] == said[1]
    assert "0." in said[0] or "job-7" in said[0]
