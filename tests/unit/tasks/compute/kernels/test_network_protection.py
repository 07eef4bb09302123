"""Checks of blocks, on made cases."""

from __future__ import annotations

from typing import Any

import pytest

from tasks.compute.digest import canonical, digest
from tasks.compute.kernels.draws import generator
from tasks.compute.kernels.network_protection import network_protection
from tasks.compute.payloads.blocks import NetworkProtection
from tests.support.by_loops import again

# Blocks


def blocks(*given: tuple[int | None, str]) -> dict[str, Any]:
    """The result for the blocks (height, hash)."""
    heights, hashes = zip(*given, strict=True) if given else ((), ())
    return network_protection(NetworkProtection(heights=heights, hashes=hashes), again())


def wrong(result: dict[str, Any]) -> dict[int, list[str]]:
    """Reasons by index."""
    return {block["index"]: block["reasons"] for block in result["invalid"]}


def test_blocks_as_the_servers_send_them_are_valid() -> None:
    given = [(0, "2c4598e3-ae22-41"), (1, "bf7e49df-a7fd-40"), (2, "bd806634-75eb-4e")]
    result = blocks(*given)
    assert (result["blocks_validated"], result["blocks_checked"], result["invalid"]) == (3, 3, [])
    heights, hashes = zip(*given, strict=True)
    assert result["chain_hash"] == digest("network_protection", canonical([heights, hashes]))
    assert result["synthetic"] is False


@pytest.mark.parametrize(
    ("second", "reasons"),
    [
        ((8, "aaaaaaab"), []),
        ((8, "0xAAAAAAAB"), []),
        ((8, "a" * 128), []),
        ((9, "aaaaaaab"), ["height_gap"]),
        ((6, "aaaaaaab"), ["height_gap"]),
        ((7, "aaaaaaab"), ["height_gap", "duplicate_height"]),
        ((None, "aaaaaaab"), ["missing_height"]),
        ((8, "aaaaaaaa"), ["duplicate_hash"]),
        ((8, "AAAAAAAA"), ["duplicate_hash"]),
        ((8, ""), ["malformed_hash"]),
        ((8, "aaaaaaa"), ["malformed_hash"]),
        ((8, "aaaaaaag"), ["malformed_hash"]),
        ((8, "aaaaaaab\n"), ["malformed_hash"]),
        ((8, "-aaaaaaab"), ["malformed_hash"]),
        ((8, "aaaa--aaab"), ["malformed_hash"]),
        ((8, "aaaaaaa\u0663"), ["malformed_hash"]),
        ((8, "\ud800aaaaaaaa"), ["malformed_hash"]),
        ((9, "zz"), ["height_gap", "malformed_hash"]),
    ],
)
def test_what_is_wrong_with_a_block_is_named(second: tuple[int | None, str], reasons: list[str]) -> None:
    result = blocks((7, "aaaaaaaa"), second)
    assert wrong(result) == ({1: reasons} if reasons else {})
    assert result["blocks_validated"] == 2 - bool(reasons)
    assert result["invalid_count"] == bool(reasons)


def test_one_gap_spoils_one_block_and_a_block_without_height_spoils_no_other() -> None:
    given: list[tuple[int | None, str]] = [(5, "a" * 8), (9, "b" * 8), (10, "c" * 8), (None, "d" * 8), (40, "e" * 8)]
    assert wrong(blocks(*given)) == {1: ["height_gap"], 3: ["missing_height"]}


def test_no_blocks_validate_as_none_and_many_bad_ones_are_listed_in_part() -> None:
    assert blocks()["blocks_validated"] == 0
    result = blocks(*[(3, "same-hash")] * 1000)
    assert (result["blocks_validated"], result["invalid_count"], len(result["invalid"])) == (0, 1000, 16)


def test_the_largest_heights_are_checked_exactly() -> None:
    assert wrong(blocks((2**63 - 3, "a" * 8), (2**63 - 2, "b" * 8), (2**63 - 1, "c" * 8))) == {}
    assert wrong(blocks((2**62, "a" * 8), (2**62 + 2, "b" * 8))) == {1: ["height_gap"]}


@pytest.mark.parametrize("block_range", [(0, 0), (3, 12), (2**63 - 10, 2**63 - 1), (0, 9_999)])
def test_where_only_a_range_is_given_its_blocks_are_drawn(block_range: tuple[int, int]) -> None:
    result = network_protection(NetworkProtection(block_range=block_range), again())
    count = block_range[1] - block_range[0] + 1
    assert (result["blocks_validated"], result["blocks_checked"], result["synthetic"]) == (count, count, True)
    other = network_protection(NetworkProtection(block_range=block_range), generator(3))
    assert other["chain_hash"] != result["chain_hash"]
