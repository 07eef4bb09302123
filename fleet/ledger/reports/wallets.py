"""What a ledger's servers stated of each miner: its total and its wallet, now and hour by hour."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from fleet.ledger.reports.sqlite_reader import fetch_all
from fleet.ledger.storage.places import LedgerPlace
from fleet.money.scopes import stamp

_STATED = """
    SELECT servers.name, miners.name, miner_id, stated_total, stated_at, balance, balance_at
    FROM miners JOIN servers ON servers.id = miners.server ORDER BY servers.name, miners.name
"""
_HISTORY = """
    SELECT servers.name, miners.name, miner_id, balances.balance, balances.stated_at
    FROM balances JOIN miners ON miners.id = balances.miner JOIN servers ON servers.id = miners.server
    ORDER BY servers.name, miners.name, hour
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stated:
    """The last figures of a miner that its server stated. Amounts in NNET, times in ISO 8601, UTC; None if unstated."""

    server: str
    miner: str
    miner_id: str
    #: all that the server says it has paid the miner, before this ledger began as well
    total: Decimal | None
    total_at: str | None
    wallet: Decimal | None
    wallet_at: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """The last balance of a wallet, in NNET, that its server stated within an hour, and when (ISO 8601, UTC)."""

    server: str
    miner: str
    miner_id: str
    wallet: Decimal
    at: str


def stated_by_miner(place: LedgerPlace) -> list[Stated]:
    """The last total and balance of each miner, in order of server and name. Raises LedgerError as `fetch_all` does."""
    return [
        Stated(
            server=server,
            miner=miner,
            miner_id=miner_id,
            total=_amount(total),
            total_at=stamp(total_at),
            wallet=_amount(wallet),
            wallet_at=stamp(wallet_at),
        )
        for server, miner, miner_id, total, total_at, wallet, wallet_at in fetch_all(place, _STATED)
    ]


def wallets_by_hour(place: LedgerPlace) -> list[Held]:
    """Every wallet over time, in order of server, miner and hour. Raises LedgerError as `fetch_all` does."""
    return [
        Held(server=server, miner=miner, miner_id=miner_id, wallet=Decimal(wallet), at=stamp(at) or "")
        for server, miner, miner_id, wallet, at in fetch_all(place, _HISTORY)
    ]


def _amount(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
