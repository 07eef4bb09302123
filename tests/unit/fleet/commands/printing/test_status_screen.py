"""The screen fits into 80 columns and 24 lines, shows text as text, and says what is not known."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

import pytest
from rich.console import Console

from fleet.commands.printing.status_screen import screen_of
from fleet.control.control import Action, Control, Target, TargetKind
from fleet.status.snapshot import FarmSnapshot
from fleet.status.standing import FarmStanding
from tests.support.snapshots import AT_MS, MINER, SNAPSHOT, WORK, as_read, snapshot
from tests.support.wide_farm import wide_snapshot

WIDTH, HEIGHT = 80, 24


def lines(
    made: FarmSnapshot = SNAPSHOT,
    *,
    coordinator: str = "mining",
    age_s: float = 0.5,
    width: int = WIDTH,
    high: int = HEIGHT,
) -> list[str]:
    screen = Console(width=width, height=high, record=True, highlight=False, color_system=None, file=None, quiet=False)
    with screen.capture() as capture:
        screen.print(screen_of(FarmStanding(coordinator=coordinator, age_s=age_s, figures=as_read(made)), high))
    return capture.get().rstrip("\n").split("\n")


def test_money_miners_hosts_and_what_is_wrong_are_on_it() -> None:
    text = "\n".join(lines())
    for part in ("0.15 NNET a minute", "1.5 NNET", "20 NNET", "21.5 NNET expected, 19 to 24", "garage-1", "12.345679"):
        assert part in text
    for part in ("shed", "1200 of 5000 in 60 s", "room for 4 more miners", "No worker takes jobs.", "2 jobs, 0.3 NNET"):
        assert part in text


def test_all_times_on_it_are_of_the_farms_time_zone_which_is_named() -> None:
    pause = Control(
        target=Target(kind=TargetKind.MINER, name="garage-1"),
        action=Action.PAUSE,
        since_ms=AT_MS,
        until_ms=AT_MS + 3_600_000,
        stop_after_s=600.0,
        who="alex",
    )
    in_berlin = replace(SNAPSHOT.earnings, time_zone="Europe/Berlin")
    text = "\n".join(lines(snapshot(earnings=in_berlin, controls=(pause,))))
    for part in (
        "mining since 2027-01-15 08:50:00 Europe/Berlin",
        "paused until 10:00 by alex",
        "last paid 2027-01-15 08:59",
        "(since 2027-01-15 08:59",
    ):
        assert part in text, text
    assert not re.search(r"0[78]:\d\d:\d\dZ|2027-01-15 07:", text)


def test_the_advice_is_on_it_and_names_the_server_where_there_are_several() -> None:
    close = "close 6 of 8 miners: 17.2 → 69.2 NNET a minute"
    stay = "3 miners earn about 1,740 NNET a minute; no other number is known to earn more"
    assert f"advice    {close}" in lines(snapshot(advice={"": close}))
    several = " ".join(" ".join(lines(snapshot(advice={"north": close, "south": stay}))).split())
    assert f"advice north: {close}" in several
    assert f"advice south: {stay}" in several
    assert "advice" not in "\n".join(lines())


def test_thousands_of_miners_and_hosts_fit_on_one_screen() -> None:
    miners = tuple(replace(MINER, name=f"rig-{number:04}") for number in range(2500))
    hosts = tuple(replace(WORK, name=f"host-{number}") for number in range(200))
    shown = lines(snapshot(miners=miners, hosts=hosts, losses=None, wrong=()))
    assert len(shown) <= 2 * HEIGHT
    assert "2,496 more" in "\n".join(shown)
    assert max(map(len, shown)) <= WIDTH


@pytest.mark.parametrize(("width", "high"), [(80, 60), (160, 60), (100, 80)])
def test_long_names_and_amounts_of_nine_digits_stay_whole_and_the_screen_is_filled_not_exceeded(
    width: int, high: int
) -> None:
    shown = lines(wide_snapshot(), width=width, high=high)
    assert len(shown) == high - 1
    rows = [line for line in shown if line.startswith(("  ra", "  rig"))]
    assert all("waiting" in row and "17636684.160494" in row for row in rows)
    assert (" 123456789.123457  " in "\n".join(rows)) is (width > 80), "the ledger's column is left out first"
    assert any(line.startswith("          is high until the evening") for line in shown) is (width == 80)


def test_a_small_terminal_shows_what_is_wrong_before_the_figures() -> None:
    small, large = lines(wide_snapshot(), high=24), lines(wide_snapshot(), high=80)
    assert small.index(next(line for line in small if "no sign of life" in line)) < 8
    assert large[-1].strip() == "within a day."


def test_a_miner_that_is_paused_does_not_come_before_those_that_earn() -> None:
    miners = (replace(MINER, name="rests", state="paused", recent=Decimal(0)), MINER)
    text = "\n".join(lines(snapshot(miners=miners)))
    assert text.index("garage-1") < text.index("rests")


def test_a_miner_that_does_not_earn_comes_first() -> None:
    miners = (MINER, replace(MINER, name="lame", state="waiting", recent=Decimal(0)))
    text = "\n".join(lines(snapshot(miners=miners)))
    assert text.index("lame") < text.index("garage-1")


@pytest.mark.parametrize("name", ["[red]x[/red]", "n" * 40])
def test_names_are_shown_as_they_are_within_the_width(name: str) -> None:
    shown = lines(snapshot(miners=(replace(MINER, name=name),), hosts=(replace(WORK, name=name),)))
    assert max(map(len, shown)) <= WIDTH
    assert name[:11] in "\n".join(shown)


def test_what_is_wrong_names_its_subject_and_what_to_do_and_long_lists_are_cut() -> None:
    (one,) = SNAPSHOT.wrong
    lame = replace(one, kind="deaf_worker", subject="host shed", text="Host shed computes no jobs.", nnet_per_day=12.5)
    text = "\n".join(lines(snapshot(wrong=(one, lame))))
    for part in ("No worker takes jobs.", "→ Start one.", "Host shed computes no jobs.", "about 12.5"):
        assert part in text
    many = lines(snapshot(wrong=tuple(replace(lame, subject=f"host {number}") for number in range(100))))
    assert "94 more" in "\n".join(many)
    assert len(many) <= 2 * HEIGHT


def test_an_old_snapshot_is_shown_with_its_age() -> None:
    assert "figures are 12 s old" in "\n".join(lines(age_s=12.0))


@pytest.mark.parametrize("coordinator", ["ended", "silent"])
def test_a_farm_that_does_not_run_says_since_when(coordinator: str) -> None:
    text = "\n".join(lines(coordinator=coordinator, age_s=7200.0))
    assert "not running" in text
    assert "2 h ago" in text
    assert "nothing is earned" in text


def test_a_folder_without_a_farm_names_the_command_that_starts_one() -> None:
    screen = Console(width=WIDTH, color_system=None)
    with screen.capture() as capture:
        screen.print(screen_of(FarmStanding(coordinator="never", age_s=None, figures={"miners": []}), HEIGHT))
    assert "fleet up" in capture.get()
