"""`data_validation`: records with seeded corruptions, and the checks that find them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tasks.compute.kernels.draws import words16
from tasks.compute.kernels.fingerprint import fingerprint
from tasks.compute.payloads.records import DataValidation

#: the possible faults of a record, in the order in which corruptions are numbered
REASONS = ("altered", "amount_not_finite", "amount_negative", "sequence_repeated", "time_backwards")

_CORRUPTED_OF = 32
_FIRST_TIME = 1_700_000_000
_DAY = 86_400
_MIX = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F), np.uint64(0x165667B19E3779F9))


@dataclass(frozen=True, kw_only=True, slots=True)
class Records:
    """n records as columns of shape `(n,)`."""

    #: 0, 1, 2, … in a whole set (int64)
    sequence: NDArray[np.int64]
    #: Unix seconds, never falling (int64)
    time: NDArray[np.int64]
    #: NNET, finite and not negative (float64)
    amount: NDArray[np.float64]
    #: the paying account (int64)
    account: NDArray[np.int64]
    #: `checksums` of the other columns, computed when the record was written (uint64)
    checksum: NDArray[np.uint64]


def data_validation(payload: DataValidation, rng: Generator) -> dict[str, object]:
    """Draw n records, corrupt about one in 32, and count those that pass every check.

    `integrity_score = passed / n`, float64; with n = 0 it is 1. The checks look only at the records, not at which ones
    were corrupted. A record that fails several checks counts once in the score and once under each reason.

    Returns:
        `integrity_score`, `records_checked` (n), `records_failed`, `failed_by` (reason → count), `records_hash` over
        the columns, `synthetic` (always true).
    """
    records, _ = drawn_records(payload.records, rng)
    failed = checks(records)
    failures = int(failed.any(axis=0).sum())
    count = payload.records
    return {
        "integrity_score": (count - failures) / count if count else 1.0,
        "records_checked": count,
        "records_failed": failures,
        "failed_by": dict(zip(REASONS, failed.sum(axis=1).tolist(), strict=True)),
        "records_hash": fingerprint(
            "data_validation", records.sequence, records.time, records.amount, records.account, records.checksum
        ),
        "synthetic": True,
    }


def checks(records: Records) -> NDArray[np.bool_]:
    """Which record fails which check: bool `(5, n)`, rows as in `REASONS`.

    altered: the checksum does not match the record. amount_not_finite: NaN or infinite. amount_negative: below 0.
    sequence_repeated: different from the record's position. time_backwards: before an earlier record's time.
    """
    failed = np.empty((len(REASONS), len(records.sequence)), dtype=np.bool_)
    expected = checksums(records.sequence, records.time, records.amount, records.account)
    np.not_equal(records.checksum, expected, out=failed[0])
    np.logical_not(np.isfinite(records.amount), out=failed[1])
    np.less(records.amount, 0.0, out=failed[2])
    np.not_equal(records.sequence, np.arange(len(records.sequence)), out=failed[3])
    latest = np.maximum.accumulate(np.maximum(records.time, _FIRST_TIME))
    np.less(records.time, latest, out=failed[4])
    return failed


def checksums(
    sequence: NDArray[np.int64], time: NDArray[np.int64], amount: NDArray[np.float64], account: NDArray[np.int64]
) -> NDArray[np.uint64]:
    """`((((s·a) ⊕ t)·b ⊕ amount's bits)·c ⊕ account)·a`, modulo 2⁶⁴, then XORed with its upper half; uint64 `(n,)`.

    Each factor is odd, so that a change of any single column changes the sum.
    """
    state = sequence.view(np.uint64) * _MIX[0]
    state ^= time.view(np.uint64)
    state *= _MIX[1]
    state ^= amount.view(np.uint64)
    state *= _MIX[2]
    state ^= account.view(np.uint64)
    state *= _MIX[0]
    state ^= state >> np.uint64(32)
    return state


def drawn_records(count: int, rng: Generator) -> tuple[Records, NDArray[np.int64]]:
    """`count` records, and for each the number of its corruption in `REASONS`, or -1.

    All corruptions except "altered" are made before the checksum is written, so that only their own check can find
    them.
    """
    words = words16(rng, 4 * count).astype(np.int64).reshape(4, count)
    words += 2**15
    corruption = np.where(words[3] % _CORRUPTED_OF == 0, words[3] // _CORRUPTED_OF % len(REASONS), -1)
    sequence = np.arange(count)
    time = _FIRST_TIME + np.cumsum(words[0] % 60)
    amount = words[1] / 100.0
    account = words[2].copy()
    amount[corruption == 1] = np.nan
    amount[corruption == 2] -= 2**16
    sequence[corruption == 3] -= 1
    time[corruption == 4] -= _DAY * 365 * 30
    checksum = checksums(sequence, time, amount, account)
    account[corruption == 0] ^= 1
    return Records(sequence=sequence, time=time, amount=amount, account=account, checksum=checksum), corruption
