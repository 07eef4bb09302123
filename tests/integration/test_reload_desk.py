"""How a command and the coordinator exchange a request and its answer by files."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleet.coordinator.reload.desk import FOLDER, Asking, ReloadDesk, ReloadOutcome, ReloadWish

TAKEN = ReloadOutcome(taken=True, lines=("1 miner added: rig-a",))


def test_each_request_gets_its_own_answer_and_leaves_nothing_behind(tmp_path: Path) -> None:
    desk = ReloadDesk(tmp_path)
    refused = ReloadOutcome(taken=False, lines=("no",), later=True)
    with Asking(tmp_path, ReloadWish.RELOAD) as first, Asking(tmp_path, ReloadWish.DIFF) as second:
        before = (first.taken, second.taken)
        wishes = {request.wish: request for request in desk.take()}
        assert (before, first.taken, second.taken) == ((False, False), True, True)
        desk.answer(wishes[ReloadWish.DIFF], refused)
        assert first.outcome() is None
        desk.answer(wishes[ReloadWish.RELOAD], TAKEN)
        assert (first.outcome(), second.outcome()) == (TAKEN, refused)
    assert list((tmp_path / FOLDER).iterdir()) == []


def test_requests_of_before_the_start_are_dropped_and_none_are_taken_after_the_end(tmp_path: Path) -> None:
    ReloadDesk(tmp_path)
    Asking(tmp_path, ReloadWish.RELOAD)
    desk = ReloadDesk(tmp_path)
    assert desk.take() == []
    desk.close()
    with pytest.raises(FileNotFoundError):
        Asking(tmp_path, ReloadWish.RELOAD)


def test_a_file_that_is_no_request_is_removed_and_ignored(tmp_path: Path) -> None:
    desk = ReloadDesk(tmp_path)
    (tmp_path / FOLDER / "x.asked").write_bytes(b"\xff" * 100)
    assert desk.take() == []
    assert list((tmp_path / FOLDER).iterdir()) == []


def test_a_request_says_who_asks_and_why_and_one_of_a_command_that_does_not_is_taken_too(tmp_path: Path) -> None:
    desk = ReloadDesk(tmp_path)
    with Asking(tmp_path, ReloadWish.RELOAD, "alex", "two more rigs"):
        (request,) = desk.take()
    assert (request.wish, request.who, request.reason) == (ReloadWish.RELOAD, "alex", "two more rigs")
    (tmp_path / FOLDER / "x.asked").write_text("reload")
    assert [one.wish for one in desk.take()] == [ReloadWish.RELOAD]
    (tmp_path / FOLDER / "x.asked").write_text("reload\na\x1b[1mb\n\x07")
    assert [(one.who, one.reason) for one in desk.take()] == [("a?[1mb", "?")]


def test_the_folder_is_private(tmp_path: Path) -> None:
    ReloadDesk(tmp_path)
    assert (tmp_path / FOLDER).stat().st_mode & 0o077 == 0
