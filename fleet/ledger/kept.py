"""The effects that the ledger keeps as a fact about the server or the farm, the newest in place of the one before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection

from fleet.domain.effects import BanChanged, ForecastMade, IncomeEstimated, LimitLearnt
from fleet.ledger.ban import keep_ban
from fleet.ledger.estimates import keep_advice, keep_forecast
from fleet.ledger.rate_limit import keep_limit

#: kind of effect → what writes it, given the server's row and the time in UTC milliseconds since 1970
KEPT: dict[type, Callable[[Connection, int, Any, int], None]] = {
    LimitLearnt: keep_limit,
    BanChanged: keep_ban,
    IncomeEstimated: keep_advice,
    ForecastMade: keep_forecast,
}
