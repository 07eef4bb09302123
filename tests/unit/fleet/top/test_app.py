"""The view shows a farm's figures, takes keys, and shows text of a server as text.

One file: each test drives the same view of a made-up farm by its keys.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.pilot import Pilot

from fleet.status.snapshot import Severity
from tests.support.snapshots import MINER, SNAPSHOT, WORK, snapshot
from tests.support.viewed import HOSTILE, LAME, RICH, SIZES, Farm, settled, shown, table, used


@pytest.mark.parametrize("size", SIZES)
def test_money_miners_and_what_is_wrong_are_shown(size: tuple[int, int]) -> None:
    async def script(pilot: Pilot[None]) -> None:
        text = shown(pilot)
        for part in ("0.15 NNET a minute", "today   1.5 NNET, 21.5 expected", "yesterday 20 NNET", "garage-1", "▇█"):
            assert part in text
        assert "! No worker takes jobs." in text
        assert "→ " in text, "what to do"
        assert ("shed" in text) is (size[0] > 130), "hosts are beside the miners where there is room"

    used(script, Farm(), size)


def test_each_table_has_a_key_and_tab_goes_around() -> None:
    async def script(pilot: Pilot[None]) -> None:
        assert "jobs/s" in await settled(pilot, "2")
        assert table(pilot).table.kind == "host"
        await settled(pilot, "tab")
        assert table(pilot).table.kind == "type"
        await settled(pilot, "tab")
        assert table(pilot).table.kind == "miner"

    used(script, Farm())


def test_rows_that_do_not_earn_come_first_until_another_order_is_chosen() -> None:
    async def script(pilot: Pilot[None]) -> None:
        rows = table(pilot)
        assert rows.shown == ["lame", "garage-1", "rich"]
        await settled(pilot, "s")
        assert (rows.table.columns[0].title, rows.shown) == ("miner", ["garage-1", "lame", "rich"])
        await settled(pilot, "s", "s")
        assert rows.shown == ["rich", "garage-1", "lame"], "by NNET a minute"
        await settled(pilot, "r")
        assert rows.shown == ["lame", "garage-1", "rich"]
        assert "NNET/min▲" in shown(pilot)
        await settled(pilot, "S", "S")
        assert rows.sorted_by == 0

    used(script, Farm(snapshot(miners=(MINER, LAME, RICH))))


def test_the_search_narrows_while_it_is_typed_and_esc_ends_it() -> None:
    async def script(pilot: Pilot[None]) -> None:
        rows = table(pilot)
        assert "1 of 3" in await settled(pilot, "slash", "L", "a", "m")
        assert rows.shown == ["lame"]
        await settled(pilot, "enter")
        assert rows.has_focus
        await settled(pilot, "escape")
        assert len(rows.shown) == 3

    used(script, Farm(snapshot(miners=(MINER, LAME, RICH))))


def test_the_cursor_stays_on_its_miner_when_the_order_changes() -> None:
    async def script(pilot: Pilot[None]) -> None:
        await settled(pilot, "end")
        await settled(pilot, "s", "r")
        assert "miner rich" in await settled(pilot, "enter")

    used(script, Farm(snapshot(miners=(MINER, LAME, RICH))))


@pytest.mark.parametrize(("key", "name"), [("1", "miner garage-1"), ("2", "host shed"), ("3", "type inference")])
def test_enter_opens_a_row_with_its_figures_and_its_history(key: str, name: str) -> None:
    async def script(pilot: Pilot[None]) -> None:
        text = await settled(pilot, key, "enter")
        assert name in text
        assert "NNET by minute, the last hour" in text
        assert "1770 NNET in all" in text
        assert name not in await settled(pilot, "escape")

    used(script, Farm(), (100, 40))


@pytest.mark.parametrize(("key", "words"), [("1", ("miner", "--", "garage-1")), ("2", ("host", "--", "shed"))])
def test_an_opened_miner_or_host_says_why_it_does_not_earn_more(key: str, words: tuple[str, ...]) -> None:
    farm = Farm(answer="The server bans this address.\n  \x1b[2Jcost unknown")

    async def script(pilot: Pilot[None]) -> None:
        text = await settled(pilot, key, "enter")
        assert farm.asked == [words]
        assert "The server bans this address." in text
        assert "?[2Jcost unknown" in text
        await settled(pilot, "escape", "3", "enter")
        assert farm.asked == [words], "a job type has no reasons of its own"

    used(script, farm, (100, 40))


def test_a_job_is_looked_up_by_its_id() -> None:
    farm = Farm()

    async def script(pilot: Pilot[None]) -> None:
        text = await settled(pilot, "j", "a", "b", "c", "enter")
        text = await settled(pilot)
        assert farm.asked == [("job", "--", "abc")]
        assert "paid ?[2J0.1 NNET" in text

    used(script, farm)


def test_all_that_is_wrong_is_one_key_away() -> None:
    wrong = tuple(
        replace(SNAPSHOT.wrong[0], subject="queue", severity=Severity.WARN, text=f"Fault {at}.") for at in range(5)
    )

    async def script(pilot: Pilot[None]) -> None:
        assert "and 3 more: w shows all" in shown(pilot)
        text = await settled(pilot, "w")
        assert all(f"! Fault {at}." in text for at in range(5))

    used(script, Farm(snapshot(wrong=wrong)), (100, 40))


@pytest.mark.parametrize("size", SIZES)
def test_markup_and_control_characters_of_a_server_are_text(size: tuple[int, int]) -> None:
    farm = Farm(
        snapshot(
            server=f"https://{HOSTILE}",
            miners=(replace(MINER, name=HOSTILE),),
            hosts=(replace(WORK, name=HOSTILE),),
            types=(replace(WORK, name=HOSTILE),),
            wrong=(replace(SNAPSHOT.wrong[0], text=HOSTILE, help=HOSTILE, subject=HOSTILE),),
        )
    )

    async def script(pilot: Pilot[None]) -> None:
        for keys in (("1",), ("2",), ("3",), ("enter",), ("escape", "w")):
            text = await settled(pilot, *keys)
            assert "[red]bold[/red] ?[31m?<b>&amp;" in text
            assert not {char for char in text if not char.isprintable()} - {"\n"}

    used(script, farm, size)


def test_a_farm_that_does_not_run_says_so_and_what_to_do() -> None:
    async def script(pilot: Pilot[None]) -> None:
        text = shown(pilot)
        assert "not running" in text
        assert "! The coordinator does not run: nothing is earned." in text
        assert "`fleet doctor`" in text

    used(script, Farm(coordinator="silent"))


def test_a_ledger_that_cannot_be_read_is_said_in_place_of_the_figures() -> None:
    async def script(pilot: Pilot[None]) -> None:
        assert "! the ledger is locked by another" in shown(pilot)

    used(script, Farm(problem="the ledger is locked by another"))


def test_thousands_of_miners_are_formatted_a_screen_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    miners = tuple(replace(MINER, name=f"rig-{number:04}") for number in range(2500))
    formatted: list[str] = []

    def counted(text: str) -> str:
        formatted.append(text)
        return text

    monkeypatch.setattr("fleet.top.columns.sanitized", counted)

    async def script(pilot: Pilot[None]) -> None:
        assert "rig-2499" in await settled(pilot, "end")
        assert "rig-0000" in await settled(pilot, "home")
        assert "rig-0010" in await settled(pilot, "pagedown")
        assert 0 < len(formatted) < len(miners)

    used(script, Farm(snapshot(miners=miners)))


def test_the_keys_are_listed_and_q_ends_the_view() -> None:
    async def script(pilot: Pilot[None]) -> None:
        assert "look a job up by its id" in await settled(pilot, "question_mark")
        await settled(pilot, "escape")
        await pilot.press("q")

    used(script, Farm())


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("key", ["1", "2"])
def test_a_long_name_is_shortened_and_no_column_is_cut(key: str, size: tuple[int, int]) -> None:
    """Beside the scroll bar of a long table, too."""
    name = "a-name-that-is-far-too-long-for-a-column.of-a-data-centre.example.com"
    miners = tuple(replace(MINER, name=f"rig-{number}") for number in range(60))
    hosts = tuple(replace(WORK, name=f"host-{number}", free_slots=1_234) for number in range(60))
    farm = Farm(snapshot(miners=(replace(MINER, name=name), *miners), hosts=(replace(WORK, name=name), *hosts)))

    async def script(pilot: Pilot[None]) -> None:
        lines = (await settled(pilot, key)).splitlines()
        row = next(line for line in lines if "a-name-tha" in line)
        assert "…" in row
        assert ".com" in row
        header = next(line for line in lines if line.startswith("miner " if key == "1" or size[0] > 130 else "host "))
        for word in ("last paid",) if key == "1" else ("free", "last job") if size[0] < 130 else ():
            assert f"  {word}" in f"{header}  "
        assert "1,234" in "".join(lines) or key == "1"

    used(script, farm, size)


def test_an_opened_row_shows_its_times_by_the_farms_clock() -> None:
    farm = Farm(snapshot(earnings=replace(SNAPSHOT.earnings, time_zone="Asia/Kolkata")))

    async def script(pilot: Pilot[None]) -> None:
        assert "last paid at        2027-01-15 13:29:58 Asia/Kolkata" in await settled(pilot, "enter")

    used(script, farm)
