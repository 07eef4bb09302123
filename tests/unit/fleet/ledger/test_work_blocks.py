"""Submitted work comes out of a block as it was put in, and a damaged block is refused."""

from __future__ import annotations

import zlib
from dataclasses import replace

import pytest

from fleet.domain.submitted_work import SubmittedWork
from fleet.errors import LedgerError
from fleet.ledger.work_blocks import packed, unpacked
from tasks.compact_json import compact_sorted

_KIND = ("x86_64", "2.4.6", "openblas 0.3.31", "SkylakeX", "3")
_WORK = SubmittedWork(
    job_id="3f0e6c1a-7c1e-4b8f-9a55-0c9a4f2f6d1e",
    job_type="inference",
    data_json=compact_sorted({"model_id": "fraud_detector_v1", "größe": [1, 2.5, None, True]}),
    result_json=compact_sorted({"output_hash": "a" * 64, "output_mean": 1e-300, "deep": {"er": ["\x00", "😀"]}}),
    kernel_version="3",
    kind=_KIND,
)


def test_work_comes_out_as_it_was_put_in() -> None:
    works = [
        _WORK,
        replace(_WORK, job_id="other", kind=(), mended=True, kernel_version=""),
        replace(_WORK, data_json="{}"),
    ]
    ((content, jobs),) = packed("main", works)
    block = unpacked(content)
    assert (block.server, list(block.works), jobs) == ("main", works, 3)


def test_a_job_alone_takes_less_than_half_of_its_text() -> None:
    ((content, _),) = packed("", [_WORK])
    assert len(content) < len(repr(_WORK)) / 2


def test_many_large_jobs_become_several_blocks() -> None:
    works = [replace(_WORK, job_id=f"j{number}", data_json=f'{{"text":"{"x" * 100_000}"}}') for number in range(25)]
    blocks = list(packed("", works))
    assert len(blocks) > 1
    assert [work for content, _ in blocks for work in unpacked(content).works] == works
    assert [jobs for _, jobs in blocks] == [len(unpacked(content).works) for content, _ in blocks]


def test_no_work_is_no_block() -> None:
    assert list(packed("", [])) == []


_GOOD = next(packed("", [_WORK]))[0]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x02" + _GOOD[1:],
        _GOOD[:-1],
        _GOOD[:1] + bytes([_GOOD[1] ^ 1]) + _GOOD[2:],
        _GOOD[:40] + bytes([_GOOD[40] ^ 255]) + _GOOD[41:],
        b"\x01" + zlib.compress(b"[]"),
        # a zip bomb
        b"\x01" + zlib.compress(b" " * (17 << 20), wbits=13),
    ],
)
def test_a_damaged_block_is_refused(content: bytes) -> None:
    with pytest.raises(LedgerError, match="kept work"):
        unpacked(content)
