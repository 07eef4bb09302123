"""Names in place of ids: which id is a wallet, what an id without a name is shown as, and ids within texts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.domain.miner_names import IdHider, distinct_names, is_address, new_address

WALLET = "neo15f0c3b9a7e2d4816a0b1c2d3e4f5061728394a5b"


def test_a_new_id_is_an_address_of_its_own() -> None:
    ids = {new_address() for _ in range(100)}
    assert len(ids) == 100
    assert all(is_address(one) and len(one) == 44 for one in ids)


@pytest.mark.parametrize("miner_id", [WALLET, "neo1abc123", "0x" + "0f" * 20])
def test_an_address_is_recognized(miner_id: str) -> None:
    assert is_address(miner_id)


@pytest.mark.parametrize(
    "miner_id", ["miner-0a1b2c3d-01", "neo1", "neo1abc12", "neo1-abcdef", "0x12", "rig-a1", f" {WALLET}"]
)
def test_an_id_that_no_ordinary_call_can_spend_from_is_no_address(miner_id: str) -> None:
    assert not is_address(miner_id)


def test_names_are_distinct() -> None:
    pairs = [("neo1aaaaaaffff", ""), ("neo1bbbbbbffff", ""), ("neo1cccccccccc", "garage"), ("neo1ddddddffff", "")]
    assert distinct_names(pairs) == {
        "neo1aaaaaaffff": "neo1..ffff",
        "neo1bbbbbbffff": "neo1..ffff-2",
        "neo1cccccccccc": "garage",
        "neo1ddddddffff": "neo1..ffff-3",
    }


def test_a_given_name_goes_before_a_shortened_id() -> None:
    names = distinct_names([("neo1aaaaaaffff", ""), ("neo1bbbbbbffff", "neo1..ffff")])
    assert names == {"neo1aaaaaaffff": "neo1..ffff-2", "neo1bbbbbbffff": "neo1..ffff"}


@given(st.lists(st.from_regex(r"\A[a-z0-9]{1,14}\Z"), unique=True, max_size=60))
def test_no_two_miners_share_a_name(ids: list[str]) -> None:
    names = distinct_names([(one, "") for one in ids])
    assert sorted(names) == sorted(ids)
    assert len(set(names.values())) == len(ids)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"Contributor {WALLET} not registered", "Contributor garage not registered"),
        (f"Contributor {WALLET.upper()}.", "Contributor garage."),
        (f"GET /ai-energy/task/{WALLET}?x=1", "GET /ai-energy/task/garage?x=1"),
        (f'{{"contributor_id":"{WALLET}"}}', '{"contributor_id":"garage"}'),
        (f"task-{WALLET}_x failed", "task-garage_x failed"),
        (f"unknown contributor {WALLET[:20]}", "unknown contributor garage"),
        (f"unknown contributor {WALLET[:12]}...", "unknown contributor garage..."),
        ("heartbeats, neo1, 0x12", "heartbeats, neo1, 0x12"),
        ("neo1ffffffffff is nobody of ours", "neo1ffffffffff is nobody of ours"),
    ],
)
def test_an_id_in_a_text_gives_way_to_the_name(text: str, shown: str) -> None:
    assert IdHider({WALLET: "garage", "a": "attic"})(text) == shown
