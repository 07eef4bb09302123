"""The chain of a ledger's entries: each one's hash covers its own fields and the hash before it. Pure.

The hash of entry n of a server is SHA-256(hash of n − 1 ‖ fields of n), the fields as a JSON list in the order of
`Link`, bytes in hex. The chain of a server starts at `genesis(name)`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass

#: what a chained row says of an entry that it settles, joined by this
SETTLES_SEPARATOR = ","


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """What the chain covers of one entry: all that a booking states, nothing that changes after it."""

    #: 1, 2, 3, … within a server
    seq: int
    miner_id: str
    kind: str
    job_id: str | None
    job_type: str
    session_id: str
    #: NNET as the ledger spells it
    amount: str
    #: whether it was confirmed when it was booked
    confirmed: bool
    evidence: str
    #: UTC milliseconds since 1970
    booked_at: int
    #: digests, None where there is nothing to digest
    sent: bytes | None = None
    answered: bytes | None = None
    worker: str | None = None
    kernel_version: str | None = None
    input_digest: bytes | None = None
    result_digest: bytes | None = None
    #: `seq` of the entries that this one settles, separated by commas
    settles: str | None = None

    @property
    def settled(self) -> frozenset[int]:
        """The entries that this one settles."""
        return frozenset(int(part) for part in (self.settles or "").split(SETTLES_SEPARATOR) if part.isdigit())


@dataclass(frozen=True, kw_only=True, slots=True)
class Stored:
    """One row as the ledger holds it."""

    link: Link
    #: the current state, which a later entry may have changed from the booked one
    confirmed: bool
    #: `seq` of the entry that settled this one
    settled_by: int | None
    hash: bytes | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Flaw:
    """The first row of a chain that is not as it was booked."""

    seq: int
    problem: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What became of checking one chain."""

    #: rows that were read and found right
    entries: int
    #: hash of the last right row, hex
    head: str
    flaw: Flaw | None = None


def genesis(server: str) -> bytes:
    """What the first entry of a server is chained to."""
    return hashlib.sha256(f"neonet-fleet/ledger/{server}".encode()).digest()


def link_hash(before: bytes, link: Link) -> bytes:
    """The hash of an entry whose predecessor's is `before`."""
    return hashlib.sha256(before + _canonical(link)).digest()


def check(server: str, rows: Iterable[Stored], head: tuple[int, bytes] | None) -> Verdict:
    """Recompute the chain of a server over its rows in order of `seq`, up to the first that does not fit.

    `head` is the last `seq` and hash that the ledger remembers apart from its rows: it tells of rows cut off at the
    end. Whoever can write the ledger can also recompute all of it: compare the head with one that was kept elsewhere.
    """
    before, seq = genesis(server), 0
    settled: dict[int, int] = {}
    for row in rows:
        problem = _problem(row, seq, before)
        if problem:
            return Verdict(entries=seq, head=before.hex(), flaw=Flaw(seq=seq + 1, problem=problem))
        for earlier in row.link.settled:
            if settled.pop(earlier, None) != row.link.seq:
                problem = f"settles entry {earlier}, which does not say so"
                return Verdict(entries=seq, head=before.hex(), flaw=Flaw(seq=row.link.seq, problem=problem))
        if row.settled_by is not None:
            settled[row.link.seq] = row.settled_by
        before, seq = row.hash or b"", row.link.seq
    flaw = None
    if settled:
        earlier, by = min(settled.items())
        flaw = Flaw(seq=earlier, problem=f"says that entry {by} settled it, which is not so")
    elif head is not None and head != (seq, before):
        flaw = Flaw(seq=seq + 1, problem=f"missing: the ledger had {head[0]} entries, the last of them {head[1].hex()}")
    return Verdict(entries=seq, head=before.hex(), flaw=flaw)


def _problem(row: Stored, seq: int, before: bytes) -> str:
    link = row.link
    if link.seq > seq + 1:
        return f"deleted: the next one that is left is entry {link.seq}"
    if link.seq <= seq:
        return f"inserted: there are two entries {link.seq}"
    if row.hash is None:
        return "has no hash"
    if link_hash(before, link) != row.hash:
        return f"changed: {link.kind} of {link.amount} NNET for {link.miner_id} is not what was booked"
    if row.confirmed and not link.confirmed and row.settled_by is None:
        return "was confirmed by no entry"
    return ""


def _canonical(link: Link) -> bytes:
    fields = [
        link.seq,
        link.miner_id,
        link.kind,
        link.job_id,
        link.job_type,
        link.session_id,
        link.amount,
        link.confirmed,
        link.evidence,
        link.booked_at,
        _hex(link.sent),
        _hex(link.answered),
        link.worker,
        link.kernel_version,
        _hex(link.input_digest),
        _hex(link.result_digest),
        link.settles,
    ]
    return json.dumps(fields, separators=(",", ":")).encode()


def _hex(digest: bytes | None) -> str | None:
    return None if digest is None else digest.hex()
