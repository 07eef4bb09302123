"""A settings file that is gone or empty changes nothing, whoever asks: its miners would all be removed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from config.settings import Settings
from fleet.coordinator.inbox import Reload
from fleet.coordinator.reload.desk import Asking, ReloadDesk, ReloadOutcome, ReloadWish
from fleet.coordinator.reload.reload_thread import ReloadThread
from fleet.errors import LedgerBusy
from tests.support.processes import eventually

TAKEN = ReloadOutcome(taken=True, lines=("1 miner added: rig-a",))


class Place:
    """A file that is watched, what the loop was asked to take over, and what was said."""

    def __init__(self, folder: Path, text: str | None) -> None:
        self.folder, self.file = folder, folder / "fleet.toml"
        if text is not None:
            self.file.write_text(text)
        self.asked, self.said = list[Reload](), list[str]()
        self.logged, self.locked, self.outcome = list[tuple[str, str, str]](), 0, TAKEN
        self._thread = ReloadThread(
            ReloadDesk(folder), self.file, Settings, self._put, lambda words, _: self.said.append(words), self._record
        )

    def _record(self, *change: str) -> None:
        self.locked -= 1
        if self.locked >= 0:
            raise LedgerBusy("the ledger is locked")
        self.logged.append((change[0], change[1], change[2]))

    def _put(self, wish: Reload) -> None:
        self.asked.append(wish)
        wish.answer(self.outcome)

    def answer(self, wish: ReloadWish = ReloadWish.RELOAD, *who_and_why: str) -> ReloadOutcome:
        """What a command that asks gets."""
        ends_at = time.monotonic() + 60
        with Asking(self.folder, wish, *who_and_why) as asking:
            while time.monotonic() < ends_at:
                found = asking.outcome()
                if found is not None:
                    return found
                time.sleep(0.05)
        raise TimeoutError("no answer in a minute")

    def hang_up(self) -> None:
        self._thread.hang_up()

    def close(self) -> None:
        self._thread.close()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    found = Place(tmp_path, "cpu = 2\n")
    yield found
    found.close()


@pytest.mark.parametrize("wish", list(ReloadWish))
def test_a_file_that_is_gone_is_refused_to_whoever_asks(place: Place, wish: ReloadWish) -> None:
    place.file.unlink()
    got = place.answer(wish)
    assert (got.taken, place.asked) == (False, [])
    assert got.lines[0].startswith(f"{place.file} (file): is gone; ")
    assert got.lines[1] == "nothing was changed"


def test_a_file_that_became_empty_is_refused_and_read_once_it_has_content(place: Place) -> None:
    place.file.write_text("")
    got = place.answer()
    assert (got.taken, place.asked) == (False, [])
    assert got.lines[0].startswith(f"{place.file} (file): is empty; ")
    place.file.write_text("# no settings\n")
    assert place.answer() == TAKEN


def test_an_empty_file_is_not_taken_over_by_itself(place: Place) -> None:
    place.file.write_text("")
    ends_at = time.monotonic() + 60
    while not place.said and time.monotonic() < ends_at:
        time.sleep(0.05)
    (words,) = place.said
    assert words.startswith(f"[WARN]   the settings were not taken over: {place.file} (file): is empty; ")
    assert place.asked == []


@pytest.mark.parametrize("text", [None, ""])
def test_a_farm_that_never_had_settings_in_a_file_reloads_without_one(tmp_path: Path, text: str | None) -> None:
    place = Place(tmp_path, text)
    try:
        assert place.answer() == TAKEN
    finally:
        place.close()


def test_what_a_command_changed_is_logged_with_who_and_why_and_what_changed_nothing_is_not(place: Place) -> None:
    place.answer(ReloadWish.RELOAD, "alex")
    place.answer(ReloadWish.DIFF, "alex", "two more rigs")
    assert place.logged == []
    place.outcome = replace(TAKEN, lines=(*TAKEN.lines, "drain_s: 20.0 → 33.0", "x" * 900), changed=True)
    assert place.answer(ReloadWish.RELOAD, "alex", "two more rigs").changed
    ((what, who, why),) = place.logged
    assert what.startswith("1 miner added: rig-a; drain_s: 20.0 → 33.0; xxx")
    assert (len(what), who, why) == (400, "alex", "two more rigs")


def test_a_changed_file_is_logged_once_the_ledger_is_free(place: Place) -> None:
    place.outcome, place.locked = replace(TAKEN, changed=True), 2
    place.file.write_text("cpu = 3\n")
    eventually("it is logged", lambda: bool(place.logged))
    assert place.logged == [("1 miner added: rig-a", "a change of fleet.toml", "")]


def test_a_reason_is_logged_although_the_changed_file_was_taken_before(place: Place) -> None:
    place.outcome = ReloadOutcome(taken=True, lines=("nothing differs from what was taken over 2 s ago:", "cpu: 2 → 3"))
    place.answer(ReloadWish.RELOAD, "alex", "a new processor")
    assert place.logged == [("nothing differs from what was taken over 2 s ago: cpu: 2 → 3", "alex", "a new processor")]


def test_a_signal_is_logged_as_such(place: Place) -> None:
    place.outcome = replace(TAKEN, changed=True)
    place.hang_up()
    eventually("it is logged", lambda: bool(place.logged))
    assert place.logged == [("1 miner added: rig-a", "SIGHUP", "")]
