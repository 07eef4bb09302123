"""The price of power over time, as a file or a URL states it in JSON. Pure."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

#: most windows of one list: a year of quarters of an hour
_MOST = 40_000
_PAST_MS = 8 * 86_400_000
#: a price beyond this is a mistake
_HIGHEST = Decimal(10**6)


@dataclass(frozen=True, kw_only=True, slots=True)
class PriceWindow:
    """A price of one kWh and when it holds, in UTC milliseconds; the end is excluded."""

    start_ms: int
    end_ms: int
    price: Decimal


class PriceList:
    """Windows in order, of which no two overlap."""

    def __init__(self, windows: Iterable[PriceWindow] = ()) -> None:
        """Raises ValueError for windows that overlap."""
        self._windows = sorted(windows, key=lambda one: one.start_ms)
        self._starts = [one.start_ms for one in self._windows]
        for one, after in zip(self._windows, self._windows[1:], strict=False):
            if after.start_ms < one.end_ms:
                raise ValueError("two of its windows overlap")

    def __len__(self) -> int:
        return len(self._windows)

    @property
    def end_ms(self) -> int | None:
        """When the last window ends; None without any."""
        return max((one.end_ms for one in self._windows), default=None)

    def from_ms(self, ms: int) -> tuple[PriceWindow, ...]:
        """The windows that have not ended at a moment."""
        return tuple(one for one in self._windows if one.end_ms > ms)

    def at(self, ms: int) -> Decimal | None:
        """The price at a moment; None where none is known."""
        number = bisect_right(self._starts, ms) - 1
        return self._windows[number].price if number >= 0 and ms < self._windows[number].end_ms else None

    def borders_after(self, ms: int) -> Iterator[int]:
        """The moments after this one at which the price may change, the earliest first."""
        first = max(bisect_right(self._starts, ms) - 1, 0)
        yield from (at for one in self._windows[first:] for at in (one.start_ms, one.end_ms) if at > ms)

    def borders_before(self, ms: int) -> Iterator[int]:
        """This moment and those before it at which the price may have changed, the latest first."""
        last = bisect_right(self._starts, ms)
        yield from (at for one in reversed(self._windows[:last]) for at in (one.end_ms, one.start_ms) if at <= ms)

    def after(self, earlier: PriceList) -> PriceList:
        """This list, and before its first window what `earlier` knew of the eight days before it."""
        if not self._windows:
            return earlier
        first = self._starts[0]
        known = (one for one in earlier._windows if first - _PAST_MS < one.end_ms and one.start_ms < first)
        past = (replace(one, end_ms=min(one.end_ms, first)) for one in known)
        return PriceList([*past, *self._windows])


def read_prices(text: bytes | str) -> PriceList:
    """The list in a JSON text: `[{"start": "2026-11-26T13:00+01:00", "end": "2026-11-26T14:00+01:00", "price": 0.31}]`.

    Other keys are ignored. Raises ValueError, which says what is wrong, and with which window.
    """
    try:
        rows = json.loads(text, parse_float=Decimal, parse_int=Decimal)
    except (ValueError, RecursionError, ArithmeticError) as exc:
        # ArithmeticError is Decimal's, for an exponent that it can't hold
        raise ValueError(f"it is not JSON that can be read: {exc}") from exc
    if not isinstance(rows, list):
        raise ValueError("it is not a JSON list of windows")
    if not rows or len(rows) > _MOST:
        raise ValueError(f"it holds {len(rows):,} windows; 1 to {_MOST:,} are read")
    return PriceList(_window(row, f"window {number}") for number, row in enumerate(rows, 1))


def _window(row: Any, name: str) -> PriceWindow:
    if not isinstance(row, dict):
        raise ValueError(f"{name} is not an object with start, end and price")
    start, end = (_moment(row.get(key), f"{name}: its {key}") for key in ("start", "end"))
    if end <= start:
        raise ValueError(f"{name} does not end after it starts")
    price = row.get("price")
    if not isinstance(price, Decimal) or not price.is_finite() or abs(price) > _HIGHEST:
        raise ValueError(f"{name}: its price is not a number from -{_HIGHEST} to {_HIGHEST}")
    return PriceWindow(start_ms=start, end_ms=end, price=price)


def _moment(value: Any, name: str) -> int:
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is not None:
            return int(moment.timestamp() * 1000)
    except (TypeError, ValueError, OverflowError):
        pass
    raise ValueError(f"{name} is not a time with its offset from UTC, such as 2026-11-26T13:00+01:00")
