"""Real farms that follow their schedule by the real clock: hours to the minute, prices from a file and a URL.

One file: all tests look at a farm in the same way.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.support.farms import asked, book, earned, farm, simulator, state
from tests.support.processes import Started, eventually, run_fleet

pytestmark = pytest.mark.timeout(300)

#: a farm needs some seconds to start, more on a busy machine
_START_S = 20.0
#: 2 s are promised; the machine may be busy
_LATE_S = 20.0
#: seconds without a fetch after which a farm has stopped
_SILENT_S = 4.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Running:
    """A farm, and the server that it mines at."""

    process: Started
    home: Path
    url: str

    def fetches(self) -> int:
        """How many jobs were asked for, by the server's count of requests."""
        calls: int = asked(self.url, "/simulator/requests")["requests"].get("task", 0)
        return calls

    def said(self, *words: str) -> str:
        done = run_fleet(*words, folder=self.home, settings={"FLEET_STATE_DIR": str(state(self.home))})
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout

    def log(self) -> list[tuple[str, str, float]]:
        """What the schedule did: change, reason, and the full second in Unix time. The newest comes last."""
        entries = json.loads(self.said("log", "--json"))["entries"]
        return [
            (one["change"], one["reason"], datetime.fromisoformat(one["at"]).timestamp())
            for one in entries
            if one["who"] == "the schedule"
        ]

    def mines(self) -> None:
        """Wait until more jobs are asked for."""
        before = self.fetches()
        eventually("jobs are asked for", lambda: self.fetches() >= before + 3)

    def rests(self) -> None:
        """Check that no job is asked for; one that is under way may still be."""
        time.sleep(1.0)
        before = self.fetches()
        time.sleep(3.0)
        assert self.fetches() == before

    def ends_exactly(self) -> None:
        """Drain the farm; what it booked must be what the server paid."""
        self.said("drain", "farm")
        assert self.process.wait(90) == 0, self.process.words()
        paid = book(self.url)
        assert sum(paid.values()) > 0
        assert earned(self.home, self.url) == paid


@contextmanager
def running(folder: Path, **schedule: object) -> Iterator[Running]:
    settings = {f"FLEET_SCHEDULE__{name.upper()}": str(value) for name, value in schedule.items()}
    home = folder / "farm"
    with (
        simulator(folder / "server") as (_, url),
        farm(home, "--miners", "2", settings=settings | {"FLEET_SERVER": url}) as process,
    ):
        yield Running(process=process, home=home, url=url)


def full_minute() -> datetime:
    """The next full minute before which farms can start."""
    soon = datetime.now(UTC) + timedelta(seconds=_START_S)
    return soon.replace(second=0, microsecond=0) + timedelta(minutes=1)


def watched(day: Running, night: Running, minute: float) -> tuple[float, float]:
    """When the one asked for its last job, and the other for its first, in seconds after the minute."""
    counts, last, first = (day.fetches(), night.fetches()), time.time(), 0.0
    while time.time() < minute + _LATE_S and not (first and time.time() > max(last, minute) + _SILENT_S):
        time.sleep(0.05)
        now, found = time.time(), (day.fetches(), night.fetches())
        last = now if found[0] != counts[0] else last
        first = first or (now if found[1] != counts[1] else 0.0)
        counts = found
    assert first, "jobs were asked for after the minute"
    return last - minute, first - minute


def test_fetching_ends_and_begins_at_the_full_minute_of_the_hours(tmp_path: Path) -> None:
    for attempt in range(3):
        minute = full_minute()
        ends = f"{minute - timedelta(minutes=30):%H:%M}-{minute:%H:%M}"
        begins = f"{minute:%H:%M}-{minute + timedelta(minutes=30):%H:%M}"
        with ExitStack() as stack:
            day = stack.enter_context(running(tmp_path / f"day-{attempt}", hours=ends))
            night = stack.enter_context(running(tmp_path / f"night-{attempt}", hours=begins))
            day.mines()
            night.process.says("the farm is paused by the schedule: outside its hours until")
            if time.time() > minute.timestamp() - 5:
                # the machine was too busy for a start in time
                continue
            assert night.fetches() == 0
            check(day, night, minute.timestamp())
            return
    pytest.fail("no farm was mining before its minute in three attempts")


def check(day: Running, night: Running, minute: float) -> None:
    ended_s, begun_s = watched(day, night, minute)
    ((_, why, ended_at),) = day.log()
    (_, (change, _, begun_at)) = night.log()
    assert (why.startswith("outside its hours until"), change) == (True, "resume")
    print(f"last fetch {ended_s:.2f} s, first fetch {begun_s:.2f} s after the minute")
    assert 0 <= ended_at - minute < _LATE_S
    assert 0 <= begun_at - minute < _LATE_S
    assert -_LATE_S < ended_s < _LATE_S - _SILENT_S, "it fetched until the minute, and then no more"
    assert begun_s >= 0
    day.ends_exactly()
    night.mines()
    night.ends_exactly()


def listed(*windows: tuple[float, float, float]) -> str:
    """A list of prices: begin and end in Unix seconds, and the price."""
    return json.dumps(
        [
            {
                "start": datetime.fromtimestamp(start, UTC).isoformat(),
                "end": datetime.fromtimestamp(end, UTC).isoformat(),
                "price": price,
            }
            for start, end, price in windows
        ]
    )


def test_a_farm_follows_a_price_file_and_without_it_the_last_price_then_the_safe_choice(tmp_path: Path) -> None:
    file = tmp_path / "prices.json"

    def hold(price: float, end: float) -> None:
        beside = file.with_suffix(".new")
        beside.write_text(listed((time.time() - 3600, end, price)))
        beside.replace(file)

    hold(0.2, time.time() + 3600)
    with running(tmp_path, price_file=file, price_max=0.3, least_on_s=0) as one:
        one.mines()
        hold(0.41, time.time() + 3600)
        one.process.says("the farm is paused by the schedule: power costs more than 0.3 a kWh")
        one.rests()
        known_until = int(time.time()) + 25
        hold(0.2, known_until)
        one.process.says("the farm is resumed by the schedule")
        file.unlink()
        one.process.says("[WARN]   prices of power can't be read:")
        one.process.says("the farm is paused by the schedule: no price of power is known")
        one.rests()
        (_, _, (change, reason, at)) = one.log()
        assert (change, reason) == ("pause", "no price of power is known")
        assert at >= known_until, "the price that was known last counted until its end"
        one.ends_exactly()


class Place(BaseHTTPRequestHandler):
    """Answers the first request with a list, and each later one with 500."""

    def do_GET(self) -> None:
        made: dict[str, Any] = vars(self.server)
        first = "at" not in made
        if first:
            made["at"] = int(time.time())
        at = made["at"]
        windows = ((at - 3600, at + 20, 0.2), (at + 20, at + 30, 0.41), (at + 30, at + 45, 0.29))
        text = listed(*windows).encode() if first else b""
        self.send_response(200 if first else 500)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_a_farm_follows_the_prices_of_a_url_from_window_to_window(tmp_path: Path) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Place) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{server.server_address[1]}/prices.json"
        with running(tmp_path, price_url=url, price_max=0.3, least_on_s=0) as one:
            one.process.says("the farm is paused by the schedule: power costs more than 0.3 a kWh")
            one.process.says("the farm is resumed by the schedule")
            one.process.says("the farm is paused by the schedule: no price of power is known")
            at: int = vars(server)["at"]
            late = [when - at - due for (_, _, when), due in zip(one.log(), (20, 30, 45), strict=True)]
            print(f"{late} s after the begin of each window")
            assert all(0 <= one < _LATE_S for one in late)
            one.ends_exactly()
        server.shutdown()
        thread.join()
