"""What sums of payments are made of. Apart from `fleet.domain.jobs`, which a report need not load."""

from __future__ import annotations

from decimal import Decimal, DefaultContext, Inexact, getcontext
from enum import StrEnum

# Sums of amounts keep every digit, or raise, in this thread and in all that begin later. Python's own 28 digits are too
# few for a small reward beside a large sum; the digits of all floats, and of what rounding loses, are fewer than 2000.
for _context in (DefaultContext, getcontext()):
    _context.prec, _context.traps[Inexact] = 2000, True

#: an amount of nothing
ZERO = Decimal(0)
#: evidence of a heartbeat's reward that its answer did not name
BY_SESSION_SUM = "rewards_earned of the session rose beyond its jobs"


class EntryKind(StrEnum):
    """What a payment was for."""

    #: a submitted job
    JOB = "job"
    #: a heartbeat
    HEARTBEAT = "heartbeat"
    #: the server's total proves a payment, or its absence, that no answer told
    ADJUSTMENT = "adjustment"
    #: no payment: the server's sum proves entries that were booked unconfirmed
    CONFIRMATION = "confirmation"
