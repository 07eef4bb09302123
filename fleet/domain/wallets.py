"""What a server says a miner's wallet holds. A value only."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class StatedWallet:
    """A wallet's balance in one answer (docs/protocol-notes.md, 13), and the sums at that moment. In NNET."""

    balance: Decimal
    #: what the server had paid the miner in all by the same answer; None if it did not say
    total: Decimal | None
    #: what the ledger had booked for the miner at that moment
    booked: Decimal
