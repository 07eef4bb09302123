"""A source of prices with faults planted one by one, as `fleet doctor` finds them: a real file, and a real URL."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from config.schedule_section import ScheduleSettings
from fleet.doctor.diagnosis import Diagnosis, Grade
from fleet.doctor.prices import price_diagnoses
from fleet.domain.calendar import Calendar
from tests.support.diagnoses import about, doctor

NOON = int(datetime(2026, 11, 26, 12, tzinfo=UTC).timestamp() * 1000)
BERLIN = Calendar("Europe/Berlin")


def listed(*windows: tuple[int, int, float]) -> str:
    """Windows of whole hours after noon, UTC, with their prices."""

    def at(hour: int) -> str:
        return datetime.fromtimestamp(NOON / 1000 + hour * 3600, UTC).isoformat()

    return json.dumps([{"start": at(start), "end": at(end), "price": price} for start, end, price in windows])


def found(file: Path, **schedule: Any) -> Diagnosis:
    """The worst diagnosis at noon."""
    given: dict[str, Any] = {"price_file": file, "price_max": 0.3, **schedule}
    return about("power prices", price_diagnoses(ScheduleSettings(**given), BERLIN, NOON))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "prices.json"


@pytest.mark.parametrize(
    ("price", "does"), [(0.27, "the farm mines"), (0.41, "the farm pauses: power costs more than 0.3 a kWh")]
)
def test_a_sound_source_is_told_with_its_age_and_what_the_farm_makes_of_it(file: Path, price: float, does: str) -> None:
    file.write_text(listed((0, 1, price), (1, 2, 0.2)))
    written_s = NOON // 1000 - 3 * 3600
    os.utime(file, (written_s, written_s))
    source, now = price_diagnoses(ScheduleSettings(price_file=file, price_max=0.3), BERLIN, NOON)
    assert source.found == f"{file} is read: 2 windows, written 3 h ago"
    assert now.found == f"a kWh costs {price} now, 0.3 at most: {does}; prices are known until 15:00"
    assert source.grade is now.grade is Grade.OK


@pytest.mark.parametrize(
    ("text", "says", "advice"),
    [
        (None, "No such file or directory", "correct the source"),
        ("", "it is not JSON", "correct the source"),
        ("<html>", "it is not JSON", "correct the source"),
        ("[]", "it holds 0 windows", "correct the source"),
        ('[{"start": "2026-11-26T12:00", "end": "2026-11-26T13:00", "price": 1}]', "offset from UTC", "correct"),
        (listed((0, 2, 0.2), (1, 3, 0.2)), "two of its windows overlap", "correct the source"),
        (listed((-30, -29, 0.2), (-29, -28, 0.2)), "the last window ended at 2026-11-25 09:00", "has stopped"),
        (listed((-1, 0, 0.2), (2, 3, 0.2)), "no window holds now, the next from 15:00", "of every hour"),
    ],
)
def test_a_fault_is_found_with_what_the_farm_does_without_prices(
    file: Path, text: str | None, says: str, advice: str
) -> None:
    if text is not None:
        file.write_text(text)
    one = found(file)
    assert one.grade is Grade.FAIL
    assert says in one.found
    assert "a farm that starts now pauses" in one.found
    assert advice in one.advice
    one = found(file, price_unknown="mine")
    assert one.grade is Grade.WARN
    assert "a farm that starts now mines" in one.found


def test_prices_in_another_unit_than_the_highest_one_are_found(file: Path) -> None:
    file.write_text(listed((0, 1, 27.1), (1, 2, 19.4)))
    one = found(file)
    assert one.grade is Grade.WARN
    assert "the lowest price is 19.4" in one.found
    assert "in the unit of the list" in one.advice


def test_a_file_that_is_a_folder_is_found(file: Path) -> None:
    file.mkdir()
    assert "Is a directory" in found(file).found


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """A server of the folder's files."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/prices.json"
        server.shutdown()
        thread.join()


def test_a_url_is_asked_and_one_without_a_list_is_found(file: Path, url: str) -> None:
    schedule = ScheduleSettings(price_url=url, price_max=0.3)
    (one,) = price_diagnoses(schedule, BERLIN, NOON)
    assert one.grade is Grade.FAIL
    assert f"{url} can't be read: HTTP Error 404" in one.found
    file.write_text(listed((0, 1, 0.27)))
    assert [one.grade for one in price_diagnoses(schedule, BERLIN, NOON)] == [Grade.OK, Grade.OK]


def test_a_url_at_which_nobody_listens_is_found(url: str) -> None:
    nobody = url.rpartition(":")[0] + ":9/prices.json"
    (one,) = price_diagnoses(ScheduleSettings(price_url=nobody, price_max=0.3), BERLIN, NOON)
    assert one.grade is Grade.FAIL
    assert "Connection refused" in one.found


def test_the_command_says_it_of_the_settings_and_nothing_without_a_highest_price(tmp_path: Path, file: Path) -> None:
    given = {"FLEET_STATE_DIR": str(tmp_path / "state")}
    assert "power prices" not in doctor(tmp_path, given)[1]
    named = {"FLEET_SCHEDULE__PRICE_FILE": str(file), "FLEET_SCHEDULE__PRICE_MAX": "0.3"}
    done, checks = doctor(tmp_path, given | named)
    assert done.returncode == 69
    assert checks["power prices"]["grade"] == "fail"
    assert str(file) in checks["power prices"]["found"]
