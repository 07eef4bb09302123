"""When a changed file is read."""

from __future__ import annotations

from fleet.coordinator.reload.file_watch import FileWatch, Look

OLD: Look = (1, 1, 10)
NEW: Look = (2, 1, 20)
RENAMED: Look = (1, 2, 10)


def test_a_file_is_read_once_it_has_been_still_for_a_second_and_only_once() -> None:
    watch = FileWatch(OLD, 0.0)
    assert not watch.settled(OLD, 5.0)
    assert not watch.settled(NEW, 6.0)
    assert not watch.settled(NEW, 6.9)
    assert watch.settled(NEW, 7.0)
    assert not watch.settled(NEW, 9.0)


def test_a_file_that_is_still_being_written_is_left_alone() -> None:
    watch = FileWatch(OLD, 0.0)
    looks: list[Look] = [(2, 1, size) for size in range(20)]
    assert not any(watch.settled(look, 1.0 + at / 2) for at, look in enumerate(looks))
    assert watch.settled(looks[-1], 12.0)


def test_an_editors_rename_changes_a_file_even_if_time_and_size_are_the_same() -> None:
    watch = FileWatch(OLD, 0.0)
    assert not watch.settled(RENAMED, 1.0)
    assert watch.settled(RENAMED, 2.0)


def test_a_file_that_is_gone_for_a_moment_was_not_changed() -> None:
    watch = FileWatch(OLD, 0.0)
    assert not watch.settled(None, 1.0)
    assert not watch.settled(OLD, 1.5)
    assert not watch.settled(OLD, 9.0)


def test_a_file_that_was_read_for_another_reason_is_not_read_again() -> None:
    watch = FileWatch(OLD, 0.0)
    assert not watch.settled(NEW, 1.0)
    watch.read(NEW)
    assert not watch.settled(NEW, 9.0)
