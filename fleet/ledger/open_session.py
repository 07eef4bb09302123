"""A miner's open session as the ledger has it: what was booked in it, and how old its last heartbeat is."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from fleet.domain.amounts import BY_SESSION_SUM, ZERO, EntryKind
from fleet.domain.saved_state import OpenSession
from fleet.ledger import schema
from fleet.ledger.statements import select_by_key

#: a function that returns the rows of a query with its parameters
Read = Callable[..., list[Any]]


def open_session(read: Read, miner: int, now_ms: int, base: Any) -> OpenSession | None:
    """The newest open session of a miner, given its row twice: as `miner` its number, as `base` all of it."""
    rows = read(_OPEN_SESSION, {"key_miner": miner})
    if not rows:
        return None
    row = rows[0]
    paid = read(_PAID_IN_SESSION, {"key_miner": miner, "key_session_id": row.session_id})
    since = [entry for entry in paid if entry.id > row.beat_entry]
    in_doubt = base.base_at is not None and row.opened_at < base.base_at and (base.stated_at or 0) <= base.base_at
    by_sum = [entry.amount for entry in paid if entry.evidence == BY_SESSION_SUM and entry.id > (base.base_entry or 0)]
    return OpenSession(
        session_id=row.session_id,
        completed=sum(entry.kind == EntryKind.JOB.value for entry in paid),
        booked=sum((Decimal(entry.amount) for entry in paid), ZERO),
        confirmed=sum((Decimal(entry.amount) for entry in since if entry.answered), ZERO),
        unconfirmed=tuple((entry.job_id or "", Decimal(entry.amount)) for entry in since if not entry.answered),
        offset=None if row.offset_nnet is None else Decimal(row.offset_nnet),
        heartbeat_age_s=max(0.0, (now_ms - row.beat_at) / 1000),
        base_in_doubt=in_doubt and not by_sum,
        counted_twice=Decimal(by_sum[0]) if in_doubt and by_sum else ZERO,
    )


_OPEN_SESSION = (
    select_by_key(schema.sessions, ("miner",))
    .where(schema.sessions.c.closed_at.is_(None))
    .order_by(schema.sessions.c.id.desc())
    .limit(1)
)
#: `answered`: whether an answer stated this very payment, even if a later entry confirmed it as well
_PAID_IN_SESSION = select_by_key(
    schema.entries, ("miner", "session_id"), ("id", "kind", "job_id", "amount", "evidence")
).add_columns((schema.entries.c.confirmed & schema.entries.c.settled_by.is_(None)).label("answered"))
