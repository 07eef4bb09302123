"""The list of miners is searched, sorted and cut by the server; what an address asks for is made valid."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from fleet.web.lists import ORDERINGS, ROWS, Wish, first_miners, miner_list
from tests.support.snapshots import MINER

MINERS = [replace(MINER, name=f"rig-{number}", recent=Decimal(number)) for number in range(1, 2_501)]


def names(wish: Wish) -> list[str]:
    return [row.name for row in miner_list(MINERS, wish).rows]


def test_each_page_holds_its_rows_and_the_last_one_the_rest() -> None:
    first, last = miner_list(MINERS, Wish(page=1)), miner_list(MINERS, Wish(page=9_999_999))
    assert (len(first.rows), first.pages, first.found) == (ROWS, 50, 2_500)
    assert last.page == 50
    assert last.rows[-1].name == "rig-2500"


def test_a_search_finds_all_its_words_in_name_or_state_whatever_their_case() -> None:
    assert miner_list(MINERS, Wish.of("RIG-25 mining", "miner", "1")).found == 12
    assert miner_list(MINERS, Wish.of("rig-2500", "miner", "1")).found == 1
    assert miner_list(MINERS, Wish.of("<script>", "miner", "1")).found == 0


@pytest.mark.parametrize("name", ORDERINGS)
def test_a_list_is_sorted_by_each_column_both_ways(name: str) -> None:
    key = ORDERINGS[name].key
    rising, falling = (miner_list(MINERS, Wish.of("", sort, "1")).rows for sort in (name, f"-{name}"))
    assert [key(row) for row in rising] == sorted(map(key, MINERS))[:ROWS]
    assert [key(row) for row in falling] == sorted(map(key, MINERS), reverse=True)[:ROWS]


def test_numbers_in_names_are_sorted_as_numbers() -> None:
    assert names(Wish.of("", "miner", "1"))[:3] == ["rig-1", "rig-2", "rig-3"]


@pytest.mark.parametrize("page", ["", "0", "-1", "one", "٣", "99999999999999999999"])
@pytest.mark.parametrize("sort", ["", "-", "nothing", "-nothing", "<b>"])
def test_a_wish_that_is_not_valid_is_the_default(sort: str, page: str) -> None:
    wish = Wish.of("x" * 5_000, sort, page)
    assert wish.ordering.name == "state"
    assert len(wish.search) == 100
    assert miner_list(MINERS, replace(wish, search="")).page == 1


def test_a_second_click_on_a_column_turns_its_order_round() -> None:
    wish = Wish.of("", "rate", "1")
    assert wish.sort_by(ORDERINGS["rate"]) == "-rate"
    assert Wish.of("", "-rate", "1").sort_by(ORDERINGS["rate"]) == "rate"
    assert wish.sort_by(ORDERINGS["miner"]) == "miner"


def test_miners_that_do_not_earn_come_first() -> None:
    waits = replace(MINER, name="waits", state="waiting")
    assert [row.name for row in first_miners([*MINERS[:3], waits], 2)] == ["waits", "rig-3"]
