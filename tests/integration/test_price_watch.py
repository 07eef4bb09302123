"""Prices of power from a real file and a real URL: what is read last stays known while the source fails."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from config.schedule_section import ScheduleSettings
from fleet.control.control import FARM, Source
from fleet.coordinator.steering.farm_schedule import FarmSchedule
from fleet.coordinator.steering.price_watch import PriceWatch
from fleet.domain.calendar import Calendar
from fleet.ledger.controls import ControlBook
from fleet.ledger.storage.engine import open_beside, open_engine
from fleet.schedule.farm_plan import farm_plan
from fleet.schedule.prices import PriceList

NOON = int(datetime(2026, 11, 26, 12, tzinfo=UTC).timestamp() * 1000)
HOUR_MS = 3_600_000


def listed(*prices: float) -> str:
    """Hours from noon on."""
    return json.dumps(
        [
            {"start": f"2026-11-26T{12 + hour}:00+00:00", "end": f"2026-11-26T{13 + hour}:00+00:00", "price": price}
            for hour, price in enumerate(prices)
        ]
    )


class Place(BaseHTTPRequestHandler):
    """Answers with the server's text; 404 while it has none."""

    def do_GET(self) -> None:
        text = getattr(self.server, "text", "").encode()
        self.send_response(200 if text else 404)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Prices:
    """A place of prices, what was learnt from it, and what was said of it."""

    def __init__(self, place: Any) -> None:
        self._place, self.learnt, self.said = place, list[PriceList](), list[str]()
        settings: dict[str, Any] = {"price_max": 0.3}
        if isinstance(place, Path):
            settings["price_file"] = place
        else:
            settings["price_url"] = f"http://127.0.0.1:{place.server_address[1]}/prices.json"
        self.settings = ScheduleSettings(**settings)
        self.watch = PriceWatch(self.settings, self.learnt.append, self.said.append)

    def hold(self, text: str) -> None:
        """Let the place hold this text; nothing at all where it is empty."""
        if not isinstance(self._place, Path):
            self._place.text = text
        elif text:
            self._place.write_text(text)
        else:
            self._place.unlink(missing_ok=True)


@pytest.fixture(params=["file", "url"])
def prices(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Prices]:
    if request.param == "file":
        yield Prices(tmp_path / "prices.json")
        return
    with ThreadingHTTPServer(("127.0.0.1", 0), Place) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield Prices(server)
        server.shutdown()
        thread.join()


def test_a_list_is_learnt_once_and_again_when_it_is_another_one(prices: Prices) -> None:
    for text in (listed(0.2), listed(0.2), listed(0.5, 0.2)):
        prices.hold(text)
        prices.watch.look()
    assert [(len(one), one.at(NOON)) for one in prices.learnt] == [(1, Decimal("0.2")), (2, Decimal("0.5"))]
    assert prices.said == []


@pytest.mark.parametrize("broken", ["", "{}", "[" * 5_000_000, listed(0.1)[:-20]])
def test_a_source_that_fails_is_named_once_and_nothing_is_learnt_until_it_is_read_again(
    prices: Prices, broken: str
) -> None:
    prices.hold(listed(0.2))
    prices.watch.look()
    for _ in range(3):
        prices.hold(broken)
        prices.watch.look()
    assert len(prices.learnt) == 1
    (line,) = prices.said
    assert line.startswith("[WARN]   prices of power can't be read: ")
    assert line.endswith("; those read before stay known")
    prices.hold(listed(0.2))
    prices.watch.look()
    assert prices.said[1:] == ["[STEER]  prices of power are read again"]


def test_another_reason_why_the_source_fails_is_said_too(tmp_path: Path) -> None:
    file = tmp_path / "prices.json"
    prices = Prices(file)
    prices.watch.look()
    prices.hold("{}")
    prices.watch.look()
    prices.hold('[{"start": "2026-11-26T12:00", "end": "2026-11-26T13:00", "price": 0.2}]')
    for _ in range(3):
        prices.watch.look()
    missing, not_a_list, no_offset = prices.said
    assert f"{file}: No such file or directory" in missing
    assert not_a_list != no_offset
    assert prices.learnt == []


def test_the_last_known_price_counts_while_the_source_fails_and_after_it_the_safe_choice(
    prices: Prices, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    open_engine(url).dispose()
    plan, now = farm_plan(prices.settings, Calendar()), [NOON]
    book = ControlBook(open_beside(url), "", lambda: now[0])
    schedule, watch = (
        FarmSchedule(book, plan, lambda: now[0]),
        PriceWatch(prices.settings, plan.learn, prices.said.append),
    )
    prices.hold(listed(0.2, 0.41))
    watch.look()
    prices.hold("")
    reasons = []
    for hour in range(3):
        now[0] = NOON + hour * HOUR_MS
        watch.look()
        schedule.follow()
        standing = book.in_force().get(FARM, Source.SCHEDULE)
        reasons.append(standing and standing.reason)
    assert reasons == [None, "power costs more than 0.3 a kWh", "no price of power is known"]
    assert len(prices.said) == 1
    book.close()


def test_the_thread_reads_at_its_start_and_again_until_it_is_told_to_end(tmp_path: Path) -> None:
    file, learnt, twice = tmp_path / "prices.json", list[PriceList](), threading.Event()
    file.write_text(listed(0.2))
    waits = list[float]()

    def wait(seconds: float) -> bool:
        waits.append(seconds)
        file.write_text(listed(0.5, 0.5))
        if len(waits) < 3:
            return False
        twice.set()
        return True

    watch = PriceWatch(ScheduleSettings(price_file=file, price_max=0.3), learnt.append, lambda _: None, wait=wait)
    watch.start()
    assert learnt, "its start returns after the first look"
    assert twice.wait(60)
    watch.close()
    assert [len(one) for one in learnt] == [1, 2]
