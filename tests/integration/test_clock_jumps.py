"""A job of 02:00 and one of 22:00 after a jump of the clock: the ledger knows, and reports by hour and day say so."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fleet.cli import fleet
from fleet.domain.amounts import EntryKind
from fleet.domain.effects import Booked, SessionOpened, Write
from fleet.domain.jobs import Entry
from fleet.domain.proof import Exchange, Proof
from fleet.domain.wall_clock import WallClock
from fleet.ledger.ledger import Ledger
from fleet.ledger.storage.engine import open_engine

#: 2027-01-15 02:00 UTC
TWO = 1_799_978_400_000
HOUR_MS = 3_600_000


@dataclass
class Machine:
    """A machine whose clocks are moved by hand."""

    wall: int = TWO
    steady: int = 0

    def clock(self) -> WallClock:
        """A process's look at them."""
        return WallClock(lambda: self.wall, lambda: self.steady)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.setenv("FLEET_STATE_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return Machine()


@contextmanager
def opened(clock: WallClock, folder: Path) -> Iterator[Ledger]:
    engine = open_engine(f"sqlite:///{folder / 'simulator' / 'ledger.sqlite'}")
    with Ledger(engine, "simulator", now_ms=clock.now_ms, jumps=clock.unwritten) as ledger:
        yield ledger


def paid(amount: str) -> Write:
    return Booked(
        entry=Entry(
            miner_id="rig-a1",
            kind=EntryKind.HEARTBEAT,
            amount=Decimal(amount),
            confirmed=True,
            session_id="s1",
            job_id=None,
            job_type="",
            evidence="stated",
            proof=Proof(exchange=Exchange.of(b"body", b"answer")),
        )
    )


def rewards(*options: str) -> Result:
    return CliRunner().invoke(fleet, ["rewards", *options])


def mined_over_a_jump(machine: Machine, folder: Path, hours: int) -> None:
    clock = machine.clock()
    with opened(clock, folder) as ledger:
        ledger.commit([SessionOpened(miner_id="rig-a1", session_id="s1", offset=None)])
        ledger.commit([paid("1")])
        machine.wall += hours * HOUR_MS
        ledger.commit([paid("2")])
        machine.wall += 1_000
        machine.steady += 1_000
        ledger.commit([paid("4")])


@pytest.mark.parametrize(("hours", "way"), [(20, "forward"), (-20, "back")])
def test_a_jump_is_said_by_the_reports_that_go_by_time(machine: Machine, tmp_path: Path, hours: int, way: str) -> None:
    mined_over_a_jump(machine, tmp_path, hours)
    for by in ("hour", "day"):
        done = rewards("--by", by)
        assert done.exit_code == 0, done.output
        assert done.stderr.count("the clock of this machine jumped") == 1
        assert f"jumped {way} by 20 h 0 min: 2027-01-15 02:00:00 UTC" in done.stderr
        assert "7" in done.stdout
    stated = json.loads(rewards("--by", "hour", "--json").stdout)
    assert [jump["from"] for jump in stated["clock_jumps"]] == ["2027-01-15T02:00:00Z"]
    assert [row["payments"] for row in stated["rows"]] == ([1, 2] if hours > 0 else [2, 1])


def test_reports_that_do_not_go_by_time_say_nothing_of_it(machine: Machine, tmp_path: Path) -> None:
    mined_over_a_jump(machine, tmp_path, 20)
    done = rewards("--by", "miner")
    assert "clock" not in done.output
    assert "clock_jumps" not in json.loads(rewards("--json").stdout)


def test_a_ledger_whose_clock_never_jumped_says_so(machine: Machine, tmp_path: Path) -> None:
    mined_over_a_jump(machine, tmp_path, 0)
    assert json.loads(rewards("--by", "day", "--json").stdout)["clock_jumps"] == []
    assert rewards("--by", "day").stderr == ""


def test_a_start_with_a_clock_before_the_newest_entry_is_noted(machine: Machine, tmp_path: Path) -> None:
    mined_over_a_jump(machine, tmp_path, 0)
    machine.wall -= 20 * HOUR_MS
    clock = machine.clock()
    with opened(clock, tmp_path) as ledger:
        clock.at_least(ledger.last_entry_at())
        [jump] = clock.unreported()
        assert jump.by_s == pytest.approx(-20 * 3600, abs=2)
        ledger.commit([paid("8")])
    assert "jumped back by 20 h 0 min" in rewards("--by", "hour").stderr


def test_the_chain_of_entries_is_whole_over_a_jump(machine: Machine, tmp_path: Path) -> None:
    mined_over_a_jump(machine, tmp_path, -20)
    assert CliRunner().invoke(fleet, ["ledger", "verify"]).exit_code == 0
