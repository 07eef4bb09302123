"""The hash chain over a ledger's entries, as pure functions: each hash covers an entry's fields and the hash before it.

The hash of entry n of a server is SHA-256(hash of n − 1 ‖ fields of n). The fields are a JSON list in the order of
`Link`, with bytes in hex. The chain of a server starts at `genesis(name)`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from fleet.domain.amounts import EntryKind
from tasks.compact_json import compact

#: separates the `seq` numbers in an entry's `settles` field
SETTLES_SEPARATOR = ","


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """The fields of an entry that the chain covers: all that a booking states, nothing that changes later."""

    #: 1, 2, 3, … within a server
    seq: int
    miner_id: str
    kind: str
    job_id: str | None
    job_type: str
    session_id: str
    #: NNET in the ledger's decimal notation
    amount: str
    #: whether it was confirmed when it was booked
    confirmed: bool
    evidence: str
    #: UTC milliseconds since 1970
    booked_at: int
    #: SHA-256 digests; None where there was nothing to hash
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
        """The `seq` numbers of the entries that this one settles."""
        return frozenset(int(part) for part in (self.settles or "").split(SETTLES_SEPARATOR) if part.isdigit())


@dataclass(frozen=True, kw_only=True, slots=True)
class Stored:
    """One entry as the ledger stores it."""

    link: Link
    #: current state; a later entry may have changed it since the booking
    confirmed: bool
    #: `seq` of the entry that settled this one
    settled_by: int | None
    hash: bytes | None


@dataclass(frozen=True, kw_only=True, slots=True)
class BrokenLink:
    """The first entry of a chain that is not as it was booked."""

    seq: int
    problem: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ChainVerdict:
    """The result of checking one chain."""

    #: number of entries that were read and found intact
    entries: int
    #: hash of the last intact entry, in hex
    head: str
    flaw: BrokenLink | None = None


def genesis(server: str) -> bytes:
    """The hash that the first entry of a server is chained to."""
    return hashlib.sha256(f"neonet-fleet/ledger/{server}".encode()).digest()


def link_hash(before: bytes, link: Link) -> bytes:
    """The hash of an entry that follows one with the hash `before`."""
    return hashlib.sha256(before + _canonical(link)).digest()


def check(server: str, rows: Iterable[Stored], head: tuple[int, bytes] | None) -> ChainVerdict:
    """Recompute a server's chain over its entries in order of `seq`, up to the first that does not fit.

    `head` is the last `seq` and hash, which the ledger stores apart from its entries. It reveals entries cut off at the
    end. Anyone who can write the ledger can recompute all of it, so compare the head with a copy kept elsewhere.
    """
    before, seq = genesis(server), 0
    settled: dict[int, tuple[int, bool]] = {}
    for row in rows:
        problem = _problem(row, seq, before)
        if problem:
            return ChainVerdict(entries=seq, head=before.hex(), flaw=BrokenLink(seq=seq + 1, problem=problem))
        for earlier in row.link.settled:
            # a confirmation confirms what it settles; an adjustment takes it back
            if settled.pop(earlier, None) != (row.link.seq, row.link.kind == EntryKind.CONFIRMATION.value):
                problem = f"confirms entry {earlier}, which does not point back"
                return ChainVerdict(entries=seq, head=before.hex(), flaw=BrokenLink(seq=row.link.seq, problem=problem))
        if row.settled_by is not None:
            settled[row.link.seq] = (row.settled_by, row.confirmed)
        before, seq = row.hash or b"", row.link.seq
    flaw = None
    if settled:
        earlier, (by, _) = min(settled.items())
        flaw = BrokenLink(seq=earlier, problem=f"points to entry {by}, which does not confirm it")
    elif head is not None and head != (seq, before):
        flaw = BrokenLink(
            seq=seq + 1, problem=f"missing: the ledger had {head[0]} entries, the last of them {head[1].hex()}"
        )
    return ChainVerdict(entries=seq, head=before.hex(), flaw=flaw)


def _problem(row: Stored, seq: int, before: bytes) -> str:
    link = row.link
    if link.seq > seq + 1:
        return f"deleted: the next one is entry {link.seq}"
    if link.seq <= seq:
        return f"inserted: there are two entries {link.seq}"
    if row.hash is None:
        return "has no hash"
    if link_hash(before, link) != row.hash:
        return f"changed: {link.kind} of {link.amount} NNET for {link.miner_id} was booked differently"
    if row.confirmed and not link.confirmed and row.settled_by is None:
        return "is marked as confirmed, but no entry confirms it"
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
    return compact(fields).encode()


def _hex(digest: bytes | None) -> str | None:
    return None if digest is None else digest.hex()
