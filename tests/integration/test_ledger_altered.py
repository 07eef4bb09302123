"""`fleet ledger verify` finds each row that was altered behind the ledger's back."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner

from fleet.cli import fleet
from fleet.domain.causes import Difference, Loss
from fleet.domain.effects import Found, JobMoved, SessionOpened
from fleet.domain.jobs import Finding, JobState
from fleet.ledger.ledger import Ledger
from fleet.ledger.proof.heads import keep_heads
from fleet.ledger.storage.engine import open_engine
from tests.support.ledger_rows import paid

#: entries, their chain and all that is counted of them, cut off as if the last two had never been
CUT_OFF = """
    DELETE FROM entries WHERE seq > 3;
    UPDATE chains SET seq = 3, hash = (SELECT hash FROM entries WHERE seq = 3);
    DELETE FROM jobs WHERE job_id IN ('job-3', 'job-4');
    UPDATE counters SET value = value - 2 WHERE name IN ('assigned', 'accepted');
    UPDATE sums SET payments = 3, amount = '0.3';
"""
EMPTIED = """
    DELETE FROM entries; DELETE FROM chains; DELETE FROM jobs; DELETE FROM sums; DELETE FROM counters;
    DELETE FROM losses; DELETE FROM findings; DELETE FROM sessions; DELETE FROM miners; DELETE FROM servers;
"""
INVENTED = """
    CREATE TABLE copied AS SELECT * FROM jobs WHERE job_id = 'job-2';
    UPDATE copied SET job_id = 'job-9';
    INSERT INTO jobs SELECT * FROM copied;
    DROP TABLE copied;
"""
UNSEALED = "DELETE FROM findings; DELETE FROM counters WHERE name IN ('findings', 'findings seal');"
TAMPERINGS = {
    "entries and chain cut off alike": (CUT_OFF, "entry 5 is missing, by the head that ledger.heads kept at"),
    "servers emptied": ("DELETE FROM servers", "belong to no server that the ledger knows"),
    "miners emptied": ("DELETE FROM miners", "changed: job of 0.1 NNET"),
    "everything emptied": (EMPTIED, "ledger.heads lists entries, but the ledger has none"),
    "an hour's sum moved to another": ("UPDATE sums SET hour = hour + 1", "the stored sums differ"),
    "a payment less": ("UPDATE sums SET payments = payments - 1", "the stored sums differ"),
    "unconfirmed ones": ("UPDATE sums SET unconfirmed = 2", "the stored sums differ"),
    "another host": ("UPDATE host_sums SET host = 'elsewhere'", "the stored sums of this host differ"),
    "a job of a host less": ("UPDATE host_sums SET jobs = jobs - 1", "the stored sums of this host differ"),
    "a host's sum that is no number": ("UPDATE host_sums SET amount = 'much'", "the stored sums of this host differ"),
    "a sum that is no number": ("UPDATE sums SET amount = 'much'", "the stored sums differ"),
    "a job deleted": ("DELETE FROM jobs WHERE job_id = 'job-2'", "job-2: has an entry, but the job is missing"),
    "a job's type": (
        "UPDATE jobs SET job_type = 'x' WHERE job_id = 'job-2'",
        "job-2: has an entry, but the job is missing",
    ),
    "a job's state": ("UPDATE jobs SET state = 'expired' WHERE job_id = 'job-2'", "4 rows of jobs say so"),
    "a job invented": (INVENTED, "job-9: is paid, but has no entry"),
    "a counter": ("UPDATE counters SET value = value + 1 WHERE name = 'accepted'", "counters: 6 jobs accepted"),
    "a counter deleted": ("DELETE FROM counters WHERE name = 'assigned'", "counters: 0 jobs assigned"),
    "a loss": ("UPDATE losses SET jobs = 9", "the stored losses differ from its jobs"),
    "a loss's amount": ("UPDATE losses SET amount = '0'", "the stored losses differ from its jobs"),
    "losses emptied": ("DELETE FROM losses", "the stored losses differ from its jobs"),
    "a finding": ("UPDATE findings SET amount = '0'", "findings: the 2 that are there are not the 2 that were written"),
    "a finding's words": ("UPDATE findings SET evidence = 'x' WHERE id = 1", "findings: the 2 that are there"),
    "a finding deleted": ("DELETE FROM findings WHERE id = 2", "findings: the 1 that are there are not the 2"),
    "findings emptied with their seal": (UNSEALED, "findings: counters has no row"),
    "findings emptied": ("DELETE FROM findings", "findings: the 0 that are there are not the 2"),
}


@pytest.mark.parametrize(("statements", "words"), TAMPERINGS.values(), ids=TAMPERINGS)
def test_verify_finds_what_was_altered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, statements: str, words: str
) -> None:
    monkeypatch.setenv("FLEET_STATE_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "simulator" / "ledger.sqlite"
    whole(file)
    assert verified() == (0, [])
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(statements)
        connection.commit()
    code, problems = verified()
    assert code == 65
    assert any(words in problem for problem in problems), problems


def verified() -> tuple[int, list[str]]:
    """The exit code of `fleet ledger verify`, and all that it has to say against the ledger."""
    done = CliRunner().invoke(fleet, ["ledger", "verify", "--json"])
    servers = json.loads(done.stdout)["servers"]
    flaws = [one["first_wrong_entry"]["problem"] for one in servers if one["first_wrong_entry"]]
    return done.exit_code, [*flaws, *(problem for one in servers for problem in one["problems"])]


def whole(file: Path) -> None:
    """A ledger with five paid jobs, a lost one, two findings, and a head that was kept."""
    with Ledger(open_engine(f"sqlite:///{file}"), "here") as ledger:
        ledger.commit([SessionOpened(miner_id="rig-a1", session_id="s1", offset=None)])
        for number in range(5):
            ledger.commit(paid(number))
        given = paid(7)[0]
        expired = JobMoved(
            job_id="job-7", state=JobState.EXPIRED, attempt=1, strikes=0, sends=0, mended=False, loss=Loss.DRAINED
        )
        ledger.commit([given, expired])
        for amount in ("0.5", "-0.25"):
            finding = Finding(kind=Difference.UNKNOWN, amount=Decimal(amount), evidence="the total")
            ledger.commit([Found(miner_id="rig-a1", finding=finding)])
        keep_heads(file.with_name("ledger.heads"), ledger.heads())
