"""The forecast of each hour beside what was booked in it, from the ledger."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from fleet.domain.amounts import EARNED, ZERO
from fleet.ledger.reports.sqlite_reader import fetch_all
from fleet.ledger.storage.places import LedgerPlace

_FORECASTS = """
    SELECT servers.id, servers.name, meta.name, meta.value
    FROM meta JOIN servers ON meta.name LIKE 'forecast ' || servers.id || ' %'
"""
_HOUR_S = 3600.0
_KINDS = ", ".join(f"'{kind}'" for kind in sorted(EARNED))
_SUMS = f"""
    SELECT miners.server, hour, amount FROM sums JOIN miners ON miners.id = sums.miner WHERE kind IN ({_KINDS})
"""  # noqa: S608 - constants


@dataclass(frozen=True, kw_only=True, slots=True)
class ForecastHour:
    """One hour of one server."""

    server: str
    #: hours since 1970 UTC
    hour: int
    #: miners that were open when the forecast was made
    miners: int
    #: seconds of the hour for which the farm ran since the forecast was made
    ran_s: float
    #: NNET expected in this time, and its standard error
    forecast: float
    error: float
    #: NNET booked in the hour since the forecast was made, for jobs and heartbeats
    booked: Decimal

    @property
    def off(self) -> float | None:
        """By which fraction of the booked amount the forecast was too high; None if nothing was booked."""
        return self.forecast / float(self.booked) - 1 if self.booked else None


def forecast_hours(place: LedgerPlace) -> list[ForecastHour]:
    """All forecasts, oldest first. A row that can't be read is left out, since other programs write there.

    Raises LedgerError when the ledger can't be read.
    """
    rows = fetch_all(place, _FORECASTS)
    if not rows:
        return []
    booked: dict[tuple[int, int], Decimal] = defaultdict(lambda: ZERO)
    for server, hour, amount in fetch_all(place, _SUMS):
        booked[server, hour] += Decimal(amount)
    found = []
    for server, name, row, value in rows:
        try:
            hour = int(row.rsplit(" ", 1)[1])
            found.append(_hour(name, hour, json.loads(value), booked[server, hour]))
        except (ValueError, TypeError, KeyError, OverflowError, InvalidOperation):
            continue
    return sorted(found, key=lambda one: (one.hour, one.server))


def _hour(server: str, hour: int, row: dict[str, Any], booked: Decimal) -> ForecastHour:
    ran_s = min(max(float(row["ran_ms"]) / 1000, 0.0), _HOUR_S)
    forecast = float(row["nnet_an_hour"]) * ran_s / _HOUR_S
    return ForecastHour(
        server=server,
        hour=hour,
        miners=int(row["miners"]),
        ran_s=ran_s,
        forecast=forecast,
        error=float(row["error"]) * forecast,
        booked=booked - Decimal(row["booked_before"]),
    )
