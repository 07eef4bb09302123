"""Lists of prices: what is read, what is refused, and which price holds at a moment."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from fleet.schedule.prices import PriceList, PriceWindow, read_prices

ROW = {"start": "2026-11-26T13:00+01:00", "end": "2026-11-26T14:00+01:00", "price": 0.31}
NOON = int(datetime(2026, 11, 26, 12, tzinfo=UTC).timestamp() * 1000)
HOUR_MS = 3_600_000


def windows(*prices: str, start_ms: int = NOON) -> PriceList:
    return PriceList(
        PriceWindow(
            start_ms=start_ms + number * HOUR_MS, end_ms=start_ms + (number + 1) * HOUR_MS, price=Decimal(price)
        )
        for number, price in enumerate(prices)
    )


def test_a_window_holds_from_its_start_to_before_its_end_and_its_price_keeps_all_digits() -> None:
    text = json.dumps([ROW]).replace("0.31", "0.310000000000000000001")
    found = read_prices(text)
    assert [found.at(NOON + ms) for ms in (-1, 0, HOUR_MS - 1, HOUR_MS)] == [
        None,
        Decimal("0.310000000000000000001"),
        Decimal("0.310000000000000000001"),
        None,
    ]


def test_windows_may_come_in_any_order_with_gaps_other_keys_and_negative_prices() -> None:
    rows = [
        {"start": "2026-11-26T16:00Z", "end": "2026-11-26T17:00Z", "price": -0.05, "zone": "DE"},
        {"start": "2026-11-26T12:00Z", "end": "2026-11-26T13:00Z", "price": 1},
    ]
    found = read_prices(json.dumps(rows))
    assert [found.at(NOON + hour * HOUR_MS) for hour in range(6)] == [1, None, None, None, Decimal("-0.05"), None]
    assert list(found.borders_after(NOON)) == [NOON + hour * HOUR_MS for hour in (1, 4, 5)]
    assert list(found.borders_before(NOON + 4 * HOUR_MS)) == [NOON + hour * HOUR_MS for hour in (4, 1, 0)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not JSON"),
        ("[" * 100_000, "not JSON"),
        (json.dumps([ROW]).replace("0.31", "1e99999999999999999999"), "not JSON that can be read"),
        ("{}", "not a JSON list"),
        ("[]", "holds 0 windows"),
        ("[1]", "window 1 is not an object"),
        (json.dumps([ROW, ROW]), "overlap"),
        (json.dumps([ROW, ROW | {"end": None}]), "window 2: its end is not a time with its offset"),
        (json.dumps([ROW | {"start": "2026-11-26T13:00"}]), "window 1: its start is not a time with its offset"),
        (json.dumps([ROW | {"start": 1_700_000_000}]), "window 1: its start is not a time with its offset"),
        (json.dumps([ROW | {"end": ROW["start"]}]), "window 1 does not end after it starts"),
        (json.dumps([ROW | {"price": "0.31"}]), "price is not a number"),
        (json.dumps([ROW | {"price": True}]), "price is not a number"),
        (json.dumps([ROW]).replace("0.31", "NaN"), "price is not a number"),
        (json.dumps([ROW]).replace("0.31", "1e7"), "price is not a number"),
    ],
)
def test_what_is_no_list_of_prices_is_refused_with_the_window_and_the_reason(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_prices(text)


def test_a_newer_list_keeps_what_was_known_before_its_first_window_and_replaces_the_rest() -> None:
    found = windows("5", "6", start_ms=NOON + 2 * HOUR_MS).after(windows("1", "2", "3", "4"))
    assert [found.at(NOON + hour * HOUR_MS) for hour in range(5)] == [1, 2, 5, 6, None]
    assert len(PriceList().after(found)) == 4
