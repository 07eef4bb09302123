"""A settings file that is gone or empty changes nothing, whoever asks: its miners would all be removed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.settings import Settings
from fleet.coordinator.inbox import Reload
from fleet.coordinator.reload.desk import Asking, ReloadDesk, ReloadOutcome, ReloadWish
from fleet.coordinator.reload.thread import ReloadThread

TAKEN = ReloadOutcome(taken=True, lines=("1 miner added: rig-a",))


class Place:
    """A file that is watched, what the loop was asked to take over, and what was said."""

    def __init__(self, folder: Path, text: str | None) -> None:
        self.folder, self.file = folder, folder / "fleet.toml"
        if text is not None:
            self.file.write_text(text)
        self.asked, self.said = list[Reload](), list[str]()
        self._thread = ReloadThread(
            ReloadDesk(folder), self.file, Settings, self._put, lambda words, _: self.said.append(words)
        )

    def _put(self, wish: Reload) -> None:
        self.asked.append(wish)
        wish.answer(TAKEN)

    def answer(self, wish: ReloadWish = ReloadWish.RELOAD) -> ReloadOutcome:
        """What a command that asks gets."""
        ends_at = time.monotonic() + 60
        with Asking(self.folder, wish) as asking:
            while time.monotonic() < ends_at:
                found = asking.outcome()
                if found is not None:
                    return found
                time.sleep(0.05)
        raise TimeoutError("no answer in a minute")

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
