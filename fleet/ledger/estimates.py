"""Keeps what a coordinator expects to earn: its advice, and a forecast for each hour. Never booked.

A forecast counts from the moment at which the number of miners was steady, so its row also holds what had been booked
in that hour before. Only time during which the farm ran counts.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select

from fleet.domain.amounts import EARNED, ZERO
from fleet.domain.calendar import HOUR_MS
from fleet.domain.effects import ForecastMade, IncomeEstimated
from fleet.ledger import schema
from fleet.ledger.meta import store, stored
from fleet.ledger.statements import read_all

#: a coordinator writes every minute; after a longer gap, it did not run meanwhile
_RUNNING_MS = 150_000
_KEPT_HOURS = 90 * 24

_BOOKED = (
    select(schema.sums.c.amount)
    .join(schema.miners, schema.miners.c.id == schema.sums.c.miner)
    .where(
        schema.miners.c.server == bindparam("server"),
        schema.sums.c.hour == bindparam("hour"),
        schema.sums.c.kind.in_(sorted(EARNED)),
    )
)


def keep_advice(connection: Connection, server: int, estimated: IncomeEstimated, now_ms: int) -> None:
    """Write down the newest advice, in place of the last one."""
    store(connection, _advice_row(server), json.dumps({"at": now_ms, "advice": json.loads(estimated.advice)}))


def last_advice(connection: Connection, server: int) -> str:
    """The advice that was kept last, as JSON; empty where there is none."""
    try:
        return json.dumps(json.loads(stored(connection, _advice_row(server)) or "")["advice"])
    except (ValueError, TypeError, KeyError):
        return ""


def keep_forecast(connection: Connection, server: int, made: ForecastMade, now_ms: int) -> None:
    """Write down the hour's forecast. A later one of the same hour only shows that the farm still runs."""
    hour = now_ms // HOUR_MS
    known = _row(connection, server, hour)
    if known is not None:
        _ran(connection, server, hour, known, now_ms)
        return
    before = _row(connection, server, hour - 1)
    if before is not None and now_ms - before["until"] <= _RUNNING_MS:
        _ran(connection, server, hour - 1, before, hour * HOUR_MS)
    booked = sum((Decimal(amount) for (amount,) in _sums(connection, server, hour)), ZERO)
    fresh = {
        "from": now_ms,
        "until": now_ms,
        "ran_ms": 0,
        "miners": made.miners,
        "nnet_an_hour": float(f"{made.nnet_an_hour:.6g}"),
        "error": float(f"{made.error:.3g}"),
        "booked_before": f"{booked}",
    }
    store(connection, _forecast_row(server, hour), json.dumps(fresh))
    meta, prefix = schema.meta.c.name, _forecast_row(server, "")
    old = _forecast_row(server, hour - _KEPT_HOURS)
    connection.execute(delete(schema.meta).where(meta.startswith(prefix), meta < old))


def _ran(connection: Connection, server: int, hour: int, row: dict[str, Any], until_ms: int) -> None:
    passed_ms = until_ms - row["until"]
    if passed_ms <= 0:
        return
    ran_ms = row["ran_ms"] + (passed_ms if passed_ms <= _RUNNING_MS else 0)
    store(connection, _forecast_row(server, hour), json.dumps(row | {"until": until_ms, "ran_ms": ran_ms}))


def _row(connection: Connection, server: int, hour: int) -> dict[str, Any] | None:
    """A stored forecast; None if there is none, or if another program has written there."""
    try:
        row = json.loads(stored(connection, _forecast_row(server, hour)) or "")
    except ValueError:
        return None
    fine = isinstance(row, dict) and all(isinstance(row.get(name), int) for name in ("until", "ran_ms"))
    return row if fine else None


def _sums(connection: Connection, server: int, hour: int) -> list[Any]:
    return list(read_all(connection, _BOOKED, {"server": server, "hour": hour}))


def _advice_row(server: int) -> str:
    return f"income {server}"


def _forecast_row(server: int, hour: int | str) -> str:
    return f"forecast {server} {hour}"
