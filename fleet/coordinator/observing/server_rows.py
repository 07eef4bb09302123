"""The figures of each server in the farm's snapshot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from fleet.coordinator.farms import AnyFarm, count
from fleet.coordinator.inbox import Event
from fleet.coordinator.observers import EndedAttempt
from fleet.coordinator.pending import TurnEffects
from fleet.coordinator.scheduling.scheduler import Farm
from fleet.domain.amounts import ZERO
from fleet.domain.calendar import Calendar
from fleet.domain.effects import Booked
from fleet.server.prospect import Prospect
from fleet.status.days import Days
from fleet.status.recent import Recent
from fleet.status.snapshot import Requests, ServerFigures


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """One server of the farm, and what the ledger holds of it at the start."""

    #: as in `TurnEffects.server`; empty for the only server
    key: str
    #: what output shows, and what the ledger calls it
    name: str
    ledger_name: str
    farm: Farm
    #: the judgement on a server that has never given this farm a job
    prospect: Prospect
    #: NNET
    booked: Decimal


class ServerRows:
    """Sums the payments of each server. Times are monotonic seconds, unless they are `now_ms`."""

    def __init__(self, accounts: Sequence[Account], now: float, now_ms: int, calendar: Calendar | None = None) -> None:
        self._accounts = tuple(accounts)
        self._booked = {account.key: account.booked for account in accounts}
        self._today = {account.key: Days(now_ms, {}, ZERO, calendar) for account in accounts}
        self._recent = Recent(now - 600)
        self._now_ms = now_ms

    def before(self, key: str, amount: Decimal, at: float) -> None:
        """A payment before the start, in the last minutes."""
        self._recent.add(key, 1, amount, at)

    def today(self, key: str, amount: Decimal) -> None:
        """What was booked today before the start."""
        self._today[key].add(key, amount, self._now_ms)

    def saw(self, events: Sequence[Event]) -> None:
        """Only payments count, which are written first."""

    def ended(self, attempts: Sequence[EndedAttempt], server: str, now: float) -> None:
        """Only payments count."""

    def committed(self, effects: TurnEffects, now: float) -> None:
        """Count what was written to a server's account."""
        amounts = [write.entry.amount for write in effects.writes if isinstance(write, Booked)]
        if amounts:
            server, amount = effects.server, sum(amounts, ZERO)
            self._booked[server] += amount
            self._recent.add(server, len(amounts), amount, now)
            self._today[server].add(server, amount, self._now_ms)

    def tick(self, farm: AnyFarm, now: float) -> None:
        """Nothing is due at the end of a turn."""

    def rows(self, now: float, now_ms: int) -> tuple[ServerFigures, ...]:
        """The figures of each server."""
        self._now_ms = now_ms
        self._recent.expire(now)
        for days in self._today.values():
            days.look(now_ms)
        return tuple(self._row(account, now) for account in self._accounts)

    def _row(self, account: Account, now: float) -> ServerFigures:
        farm, key = account.farm, account.key
        return ServerFigures(
            name=account.name,
            account=account.ledger_name,
            state=_state(farm, now),
            ledger=self._booked[key],
            today=self._today[key].today,
            recent=self._recent.of(key)[1],
            miners=count(farm),
            in_session=sum(miner.in_session for miner in farm.miners.values()),
            requests=requests_of(farm, now),
        )


def requests_of(farm: AnyFarm, now: float) -> Requests:
    """The rate limit, and how much of it is used."""
    governor = farm.governor
    return Requests(
        limit=int(governor.limit),
        window_s=governor.window_s,
        used=governor.used(now),
        refused=governor.refused,
        more_miners=governor.more_miners(now),
        left_out=farm.timetable.left_out,
    )


def _state(farm: Farm, now: float) -> str:
    if farm.server.banned(now):
        return "banned"
    if farm.server.away:
        return "away"
    if farm.draining:
        return "draining"
    if farm.server.unpaid_s(now):
        return "unpaid"
    return "standing by" if farm.auto.standing_by else "mining"
