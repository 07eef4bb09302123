"""Decides when the wallets of closed miners are looked at, since no other answer shows what leaves them. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable

from fleet.domain.events import WalletDue
from fleet.miner.miner import Miner
from fleet.ratelimit.governor import Governor

#: seconds in which the wallet of each closed miner is looked at once
_EACH_S = 300.0
#: largest part of the limit that this may take; with many miners or a low limit, each one is looked at less often
_SHARE = 0.002


class ClosedWallets:
    """Requests the totals of closed miners with money in turn; the answers state what their wallets hold.

    Times are monotonic seconds.
    """

    def __init__(self, governor: Governor, now: float) -> None:
        self._governor = governor
        self._seen_at = now
        #: ids of miners → when each wallet was looked at
        self._looked_at: dict[str, float] = {}

    def look(self, miners: Iterable[Miner], now: float) -> list[Miner]:
        """The miner whose next call is a request for its total, if one is due."""
        closed = [miner for miner in miners if miner.draining and miner.done and miner.account.wallet.balance]
        least_s = self._governor.window_s / (_SHARE * max(self._governor.limit, 1.0))
        if not closed or now < self._seen_at + max(_EACH_S / len(closed), least_s):
            return []
        miner = min(closed, key=lambda miner: self._looked_at.get(miner.spec.miner_id, -math.inf))
        self._looked_at[miner.spec.miner_id] = self._seen_at = now
        miner.on(WalletDue(), now)
        return [miner]
