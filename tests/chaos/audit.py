"""Compares the ledger with the simulator's book, from outside, after the coordinator has ended or died.

One file: what it finds while the farm runs decides what the verdict after the drain excuses.
"""

from __future__ import annotations

import math
import sqlite3
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from fleet.domain.amounts import EntryKind
from fleet.domain.causes import Loss
from fleet.domain.jobs import FINAL, PAID, JobOrigin, JobState
from fleet.ledger.column_types import unpacked
from fleet.simulator.book import PaymentKind
from tests.chaos.farm import Farm
from tests.chaos.verdict import LEFT, NOTHING, Allowed, Verdict
from tests.support.farms import asked

_POLL_S = 0.01
_ZERO = Decimal(0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """The ledger at the moment of a death."""

    #: job id → state
    open_jobs: dict[str, str]
    last_entry: int


class Auditor:
    """Follows one farm through its deaths and drains."""

    def __init__(self, farm: Farm) -> None:
        self._farm = farm
        #: jobs whose submission was in the ledger when a coordinator died
        self._submitting: set[str] = set()
        self._jobs = 0
        self._lost: set[str] = set()
        self._sent_again: set[str] = set()
        #: jobs that an earlier fault explains
        self._excused: set[str] = set()
        self._extra_runs = 0
        self._differences: dict[str, Decimal] = {}
        self._unproved = _ZERO
        #: the payments by all servers, and how many of them by each
        self._book: list[dict[str, Any]] = []
        self._read: Counter[str] = Counter()

    # -- while it runs ----------------------------------------------------------------------------------------------

    def death(self) -> Snapshot:
        """The jobs that the coordinator left open when it died."""
        open_jobs = self.open_now()
        self._submitting |= {job_id for job_id, state in open_jobs.items() if state == JobState.SUBMITTING.value}
        return Snapshot(open_jobs=open_jobs, last_entry=self.last_entry())

    def recovered(self, snapshot: Snapshot, since: float, timeout_s: float = 60.0) -> float | None:
        """Monotonic time at which the snapshot's jobs are final and one assigned after `since` (Unix time) is paid."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if self._paid_since(snapshot.last_entry, since) and not self._still_open(snapshot):
                return time.monotonic()
            time.sleep(_POLL_S)
        return None

    def resumed(self, last_entry: int, since: float, timeout_s: float = 60.0) -> float | None:
        """Monotonic time at which a job assigned after `since` (Unix time) is paid."""
        return self.recovered(Snapshot(open_jobs={}, last_entry=last_entry), since, timeout_s)

    def open_now(self) -> dict[str, str]:
        """State of each open job."""
        with self._ledger() as ledger:
            rows = ledger.execute("SELECT job_id, state FROM jobs WHERE finished_at IS NULL").fetchall()
        return {unpacked(row["job_id"]): row["state"] for row in rows}

    def last_entry(self) -> int:
        """The newest row of the ledger's entries."""
        with self._ledger() as ledger:
            return int(ledger.execute("SELECT coalesce(max(id), 0) FROM entries").fetchone()[0])

    def paid_jobs(self) -> Counter[str]:
        """Number of paid jobs by miner."""
        query = (
            "SELECT m.miner_id, count(*) AS n FROM entries e JOIN miners m ON m.id = e.miner"
            " WHERE e.kind = ? GROUP BY m.miner_id"
        )
        with self._ledger() as ledger:
            rows = ledger.execute(query, (EntryKind.JOB.value,)).fetchall()
        return Counter({row["miner_id"]: row["n"] for row in rows})

    def _paid_since(self, last_entry: int, since: float) -> bool:
        query = (
            "SELECT 1 FROM entries e JOIN jobs j ON j.server = e.server AND j.job_id = e.job_id"
            " WHERE e.id > ? AND j.assigned_at >= ? LIMIT 1"
        )
        with self._ledger() as ledger:
            return ledger.execute(query, (last_entry, int(since * 1000))).fetchone() is not None

    def _still_open(self, snapshot: Snapshot) -> bool:
        return any(job_id in snapshot.open_jobs for job_id in self.open_now())

    # -- after a drain ----------------------------------------------------------------------------------------------

    def verdict(self, allowed: Allowed = NOTHING) -> Verdict:
        """Compare everything job by job and miner by miner. Returns what is new since the last verdict."""
        with self._ledger() as ledger:
            jobs = {unpacked(row["job_id"]): row for row in ledger.execute("SELECT * FROM jobs").fetchall()}
            entries = ledger.execute(
                "SELECT e.*, m.miner_id FROM entries e JOIN miners m ON m.id = e.miner WHERE e.kind != ?",
                (EntryKind.CONFIRMATION.value,),
            ).fetchall()
        self._read_book()
        excused = {job_id for job_id, row in jobs.items() if self._is_excused(row, allowed)}
        fresh_excuses = len(excused - self._excused)
        self._excused |= excused
        lost = {**self._unpaid(jobs), **self._unbooked(jobs, entries)}
        if allowed.forgotten_at is None:
            lost |= self._unfetched(jobs)
        again = {job_id for job_id, row in jobs.items() if row["sends"] > 1}
        runs = self._runs_beyond_one()
        fresh = again - self._sent_again
        verdict = Verdict(
            jobs=len(jobs) - self._jobs,
            lost=tuple(story for job_id, story in lost.items() if job_id not in self._lost),
            computed_twice=runs - self._extra_runs,
            sent_twice=() if allowed.answers_lost else tuple(sorted(fresh - self._submitting)),
            sent_again=len(fresh),
            difference=self._new_difference(entries, allowed),
            excused=fresh_excuses,
            unprovable=self._unproved,
        )
        self._jobs, self._extra_runs = len(jobs), runs
        self._lost |= lost.keys()
        self._sent_again |= again
        return verdict

    def _unpaid(self, jobs: dict[str, Any]) -> dict[str, str]:
        """Jobs that are still open after the drain, or ended unpaid."""
        paid = {state.value for state in PAID}
        return {
            job_id: f"{job_id}: {row['state']}, {row['loss']}, {row['cause']}; {row['events']}"
            for job_id, row in jobs.items()
            if row["state"] not in paid and job_id not in self._excused
        }

    def _is_excused(self, row: Any, allowed: Allowed) -> bool:
        final = row["state"] in {state.value for state in FINAL - PAID}
        return final and row["loss"] is not None and Loss(row["loss"]) in allowed.losses | LEFT

    def _unbooked(self, jobs: dict[str, Any], entries: list[Any]) -> dict[str, str]:
        """Jobs that are in the book but not in the ledger, without an explanation."""
        booked = {unpacked(entry["job_id"]) for entry in entries if entry["job_id"]}
        missing = {}
        for row in self._book:
            job_id = row["job_id"]
            if row["kind"] != PaymentKind.JOB.value or job_id in booked:
                continue
            known = jobs.get(job_id)
            if job_id not in self._excused:
                state = "unknown" if known is None else f"{known['state']}, {known['loss']}"
                missing[job_id] = f"{job_id}: the server paid {row['amount']}, in the ledger it is {state}"
        return missing

    def _unfetched(self, jobs: dict[str, Any]) -> dict[str, str]:
        """Fetched jobs that the ledger lacks. One a miner is fine: the server repeats a job until it is submitted."""
        fetched = sum(row["road"] == JobOrigin.FETCHED.value for row in jobs.values())
        urls = self._farm.urls
        given = sum(asked(url, "/simulator/requests")["assigned"].get("task", 0) for url in urls)
        known = 0 <= given - fetched <= self._farm.setup.miners * len(urls)
        return {} if known else {f"fetched {given}": f"{given} fetched jobs, {fetched} in the ledger"}

    def _new_difference(self, entries: list[Any], allowed: Allowed) -> Decimal:
        booked: dict[str, Decimal] = defaultdict(Decimal)
        paid: dict[str, Decimal] = defaultdict(Decimal)
        counts: Counter[str] = Counter()
        adjusted = set()
        by_job = set()
        for entry in entries:
            booked[entry["miner_id"]] += Decimal(entry["amount"])
            counts[entry["miner_id"]] += 1
            if entry["kind"] == EntryKind.ADJUSTMENT.value:
                adjusted.add(entry["miner_id"])
            elif entry["job_id"]:
                by_job.add(unpacked(entry["job_id"]))
        unprovable = self._unprovable(by_job, allowed)
        for row in self._book:
            paid[row["miner"]] += Decimal(row["amount"])
        total = self._unproved = _ZERO
        for miner in paid.keys() | booked.keys():
            missing = paid[miner] - booked[miner]
            # an adjustment is derived from float sums
            ulp = Decimal(math.ulp(float(max(paid[miner], Decimal(1))))) if miner in adjusted else _ZERO
            rounding = ulp * 4 * (counts[miner] + 2)
            beyond = max(missing - unprovable[miner] - rounding, -missing - rounding, _ZERO)
            self._unproved += min(max(missing - rounding, _ZERO), unprovable[miner])
            total += abs(beyond - self._differences.get(miner, _ZERO))
            self._differences[miner] = beyond
        return total

    def _unprovable(self, booked: set[str], allowed: Allowed) -> dict[str, Decimal]:
        """By miner, what the server paid in lost answers before it forgot."""
        sums: dict[str, Decimal] = defaultdict(Decimal)
        if allowed.forgotten_at is None:
            return sums
        for row in self._book:
            if row["kind"] == PaymentKind.HEARTBEAT.value or (
                row["job_id"] not in booked and row["at"] < allowed.forgotten_at
            ):
                sums[row["miner"]] += Decimal(row["amount"])
        return sums

    def _runs_beyond_one(self) -> int:
        done: Counter[str] = Counter()
        with self._farm.runs.open(encoding="ascii") as lines:
            for line in lines:
                word, _, job_id = line.strip().partition(" ")
                done[job_id] += word == "done"
        return sum(count - 1 for count in done.values() if count > 1)

    def _read_book(self) -> None:
        for url in self._farm.urls:
            page: int | None = self._read[url]
            while page is not None:
                stated = asked(url, f"/simulator/book?since={page}")
                self._book += stated["payments_made"]
                self._read[url] += len(stated["payments_made"])
                page = stated["next"]

    @contextmanager
    def _ledger(self) -> Iterator[sqlite3.Connection]:
        # read-only, so that the coordinator alone recovers what its death left in the write-ahead log
        with closing(sqlite3.connect(f"file:{self._farm.ledger}?mode=ro", uri=True, timeout=10)) as connection:
            connection.row_factory = sqlite3.Row
            yield connection
