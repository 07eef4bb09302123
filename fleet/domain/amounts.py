"""Exact amounts and the kinds of ledger entries. Reports load this module without `fleet.domain.jobs`."""

from __future__ import annotations

from decimal import Decimal, DefaultContext, Inexact, getcontext
from enum import StrEnum

# Sums of amounts keep every digit or raise Inexact, in this thread and in all threads started later. Python's default
# of 28 digits is too few to add a small reward to a large sum. No float, and no rounding error, has 2000 digits.
for _context in (DefaultContext, getcontext()):
    _context.prec, _context.traps[Inexact] = 2000, True

#: zero NNET
ZERO = Decimal(0)
#: evidence for a heartbeat's reward that the heartbeat's answer did not state
BY_SESSION_SUM = "rewards_earned of the session rose beyond its jobs"


class EntryKind(StrEnum):
    """What a ledger entry records."""

    #: a submitted job
    JOB = "job"
    #: a heartbeat
    HEARTBEAT = "heartbeat"
    #: a payment, or the absence of one, that no answer stated and the server's total proves
    ADJUSTMENT = "adjustment"
    #: no payment: the server's sum proves entries that were booked unconfirmed
    CONFIRMATION = "confirmation"


#: kinds of entries that were earned, as opposed to those that correct earlier entries
EARNED = frozenset({EntryKind.JOB, EntryKind.HEARTBEAT})
