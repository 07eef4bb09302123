"""Checks of records, against plain Python and made cases."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from tasks.compute.kernels.data_validation import REASONS, checks, checksums, data_validation, drawn_records
from tasks.compute.kernels.draws import generator
from tasks.compute.payloads.records import DataValidation
from tests.support.by_loops import again

# Records


@pytest.mark.parametrize("count", [1, 2, 100, 500, 20_000])
@pytest.mark.parametrize("job", [1, 2, 3])
def test_the_checks_find_exactly_the_records_that_were_corrupted(count: int, job: int) -> None:
    records, corruption = drawn_records(count, generator(job))
    failed = checks(records)
    for number in range(len(REASONS)):
        np.testing.assert_array_equal(failed[number], corruption == number, err_msg=REASONS[number])


def test_every_kind_of_corruption_is_drawn_at_about_its_rate() -> None:
    _, corruption = drawn_records(100_000, again())
    for number in range(len(REASONS)):
        assert np.count_nonzero(corruption == number) == pytest.approx(100_000 / 160, rel=0.2)


def test_the_score_is_the_share_of_records_that_pass() -> None:
    result: dict[str, Any] = data_validation(DataValidation(records=5000), again())
    _, corruption = drawn_records(5000, again())
    failures = int(np.count_nonzero(corruption >= 0))
    assert result["integrity_score"] == (5000 - failures) / 5000
    assert (result["records_failed"], result["records_checked"]) == (failures, 5000)
    assert sum(result["failed_by"].values()) == failures
    assert result["synthetic"] is True


def test_no_records_are_whole() -> None:
    result: dict[str, Any] = data_validation(DataValidation(records=0), again())
    assert (result["integrity_score"], result["records_failed"]) == (1.0, 0)


def test_checksums_are_those_of_python_integers() -> None:
    records, corruption = drawn_records(50, again())
    mix = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9)
    for index in range(50):
        bits = int.from_bytes(records.amount[index].tobytes(), "little")
        state = int(records.sequence[index]) * mix[0] % 2**64 ^ int(records.time[index])
        state = (state * mix[1] % 2**64 ^ bits) * mix[2] % 2**64 ^ int(records.account[index])
        state = state * mix[0] % 2**64
        assert (state ^ state >> 32 == int(records.checksum[index])) == (corruption[index] != 0)


@pytest.mark.parametrize("column", ["sequence", "time", "amount", "account"])
@pytest.mark.parametrize("bit", [0, 31, 63])
def test_a_flipped_bit_in_any_column_changes_the_checksum(column: str, bit: int) -> None:
    records, _ = drawn_records(64, again())
    columns = {name: getattr(records, name).copy() for name in ("sequence", "time", "amount", "account")}
    before = checksums(**columns)
    columns[column].view(np.uint64)[:] ^= np.uint64(1 << bit)
    assert not np.any(checksums(**columns) == before)


def test_drawn_records_rise_in_time_and_sequence_where_they_are_whole() -> None:
    records, corruption = drawn_records(3000, again())
    whole = corruption == -1
    assert all(a <= b for a, b in pairwise(records.time[whole].tolist()))
    assert all(a < b for a, b in pairwise(records.sequence[whole].tolist()))
    assert np.isfinite(records.amount[whole]).all()
