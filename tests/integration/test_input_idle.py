"""Since when nobody has used a host, by planted files and a planted logind."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tasks.host.input_idle import InputIdle, Logind, parse_hint
from tests.support.processes import eventually

NOW = 1_800_000_000.0


def plant(root: Path, name: str, text: str = "", at: float = NOW) -> None:
    """Write a file that was last read at this time."""
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    os.utime(file, (at, NOW))


def host(root: Path, now: float = NOW) -> InputIdle:
    return InputIdle(root, lambda: now)


def test_a_machine_without_terminals_tells_nothing(tmp_path: Path) -> None:
    assert host(tmp_path).seconds() is None
    assert "only terminals and old keyboards" in host(tmp_path).unseen


def test_the_terminal_that_was_read_last_counts_and_what_is_written_to_it_does_not(tmp_path: Path) -> None:
    for name, age_s in (
        ("dev/pts/0", 500),
        ("dev/pts/12", 42),
        ("dev/tty1", 900),
        ("dev/pts/ptmx", 1),
        ("dev/tty0", 2),
    ):
        plant(tmp_path, name, at=NOW - age_s)
    assert host(tmp_path).seconds() == 42


def test_a_clock_that_was_set_back_leaves_no_input_in_the_future(tmp_path: Path) -> None:
    plant(tmp_path, "dev/pts/0", at=NOW + 3600)
    assert host(tmp_path).seconds() == 0


@pytest.mark.parametrize(
    ("file", "text"),
    [(".dockerenv", ""), ("run/.containerenv", ""), ("proc/mounts", "overlay / overlay rw,lowerdir=/a 0 0\n")],
)
def test_a_container_says_that_it_can_not_know(tmp_path: Path, file: str, text: str) -> None:
    plant(tmp_path, "dev/pts/0", at=NOW - 1)
    plant(tmp_path, file, text)
    assert host(tmp_path).seconds() is None
    assert host(tmp_path).unseen == "a container sees neither keyboard nor terminals of its host"


def test_an_old_keyboard_is_used_once_its_interrupts_rise(tmp_path: Path) -> None:
    lines = "  1: 10 {} IR-IO-APIC 1-edge i8042\n 12: 3 0 IR-IO-APIC 12-edge i8042\n 14: 99 99 other\n"
    now = [NOW]
    idle = InputIdle(tmp_path, lambda: now[0])
    found = []
    for second, count in ((0, 5), (1, 5), (2, 6), (60, 6)):
        now[0] = NOW + second
        plant(tmp_path, "proc/interrupts", lines.format(count))
        found.append(idle.seconds())
    assert found == [None, None, 0, 58]


@pytest.mark.parametrize(
    ("said", "last"),
    [
        ("IdleHint=yes\nIdleSinceHint=1799999000000000\n", 1_799_999_000.0),
        ("IdleHint=no\nIdleSinceHint=1799999000000000\n", NOW),
        ("IdleHint=no\nIdleSinceHint=0\n", None),
        ("IdleHint=maybe\nIdleSinceHint=1799999000000000\n", None),
        ("", None),
        ("Could not get properties: no such bus", None),
    ],
)
def test_what_logind_says(said: str, last: float | None) -> None:
    assert parse_hint(said, NOW) == last


def test_logind_is_asked_without_waiting_and_one_that_fails_says_nothing() -> None:
    code = "print('IdleHint=yes'); print('IdleSinceHint=1799999000000000')"
    asked = Logind(lambda: NOW, (sys.executable, "-c", code))
    assert asked.last_input() is None, "the answer is not there yet"
    eventually("its answer", lambda: asked.last_input() == 1_799_999_000.0)
    missing = Logind(lambda: NOW, ("/no/such/program",))
    assert [missing.last_input(), missing.last_input()] == [None, None]
