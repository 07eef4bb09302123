"""The chain of entries: whatever is done to a row behind the ledger's back is named."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from fleet.ledger.proof.chain import ChainVerdict, Link, Stored, check, genesis, link_hash

SERVER = "neonet-main"
ROWS = 6


def chain() -> list[Stored]:
    """Five payments, the third unconfirmed until the sixth entry confirms it."""
    rows, before = [], genesis(SERVER)
    for seq in range(1, ROWS + 1):
        link = Link(
            seq=seq,
            miner_id="rig-a1",
            kind="confirmation" if seq == ROWS else "job",
            job_id=None if seq == ROWS else f"job-{seq}",
            job_type="data_hash",
            session_id="s1",
            amount="0" if seq == ROWS else f"0.{seq}",
            confirmed=seq != 3,
            evidence="",
            booked_at=1_800_000_000_000 + seq,
            sent=os.urandom(32),
            answered=os.urandom(32),
            worker="w@host",
            kernel_version="1",
            settles="3" if seq == ROWS else None,
        )
        before = link_hash(before, link)
        rows.append(Stored(link=link, confirmed=True, settled_by=ROWS if seq == 3 else None, hash=before))
    return rows


def verdict(rows: list[Stored], original: list[Stored]) -> ChainVerdict:
    return check(SERVER, rows, (original[-1].link.seq, original[-1].hash or b""))


def test_an_untouched_chain_is_right_to_its_last_entry() -> None:
    rows = chain()
    assert verdict(rows, rows) == ChainVerdict(entries=ROWS, head=(rows[-1].hash or b"").hex())


def test_an_empty_chain_is_right() -> None:
    assert check(SERVER, [], None).flaw is None


def changed(row: Stored, **fields: Any) -> Stored:
    return replace(row, link=replace(row.link, **fields))


TAMPERINGS: dict[str, tuple[Callable[[list[Stored]], list[Stored]], int, str]] = {
    "a changed amount": (lambda rows: [*rows[:1], changed(rows[1], amount="9.2"), *rows[2:]], 2, "changed"),
    "another miner": (lambda rows: [*rows[:3], changed(rows[3], miner_id="rig-b2"), *rows[4:]], 4, "changed"),
    "another digest": (lambda rows: [changed(rows[0], sent=b"\0" * 32), *rows[1:]], 1, "changed"),
    "another time": (lambda rows: [*rows[:4], changed(rows[4], booked_at=0), rows[5]], 5, "changed"),
    "a deleted row": (lambda rows: rows[:2] + rows[3:], 3, "deleted"),
    "the first row deleted": (lambda rows: rows[1:], 1, "deleted"),
    "the end cut off": (lambda rows: rows[:2], 3, "missing"),
    "everything cut off": (lambda rows: rows[:0], 1, "missing"),
    "two rows in each other's place": (
        lambda rows: [rows[0], changed(rows[2], seq=2), changed(rows[1], seq=3), *rows[3:]],
        2,
        "changed",
    ),
    "a row that was inserted": (lambda rows: [*rows[:2], rows[1], *rows[2:]], 3, "inserted"),
    "a row that was added": (lambda rows: [*rows, changed(rows[1], seq=7)], 7, "changed"),
    "a hash taken away": (lambda rows: [*rows[:2], replace(rows[2], hash=None), *rows[3:]], 3, "no hash"),
    "a row rehashed alone": (
        lambda rows: [
            replace(changed(rows[0], amount="5"), hash=link_hash(genesis(SERVER), replace(rows[0].link, amount="5"))),
            *rows[1:],
        ],
        2,
        "changed",
    ),
    "a confirmation that no entry made": (
        lambda rows: [*rows[:2], replace(rows[2], settled_by=None), *rows[3:]],
        3,
        "changed|no entry confirms it",
    ),
    "a confirmation by another entry": (
        lambda rows: [*rows[:2], replace(rows[2], settled_by=5), *rows[3:]],
        6,
        "confirms entry 3",
    ),
    "a confirmation by an entry that is not there": (
        lambda rows: [*rows[:4], replace(rows[4], settled_by=99), rows[5]],
        5,
        "points to entry 99",
    ),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_tampering_is_named_with_the_first_row_that_does_not_fit(name: str) -> None:
    tamper, seq, words = TAMPERINGS[name]
    original = chain()
    flaw = verdict(tamper(original), original).flaw
    assert flaw is not None
    assert flaw.seq == seq
    assert any(part in flaw.problem for part in words.split("|")), flaw.problem


def test_the_chain_of_another_server_does_not_fit() -> None:
    rows = chain()
    flaw = check("another", rows, None).flaw
    assert flaw is not None
    assert flaw.seq == 1
