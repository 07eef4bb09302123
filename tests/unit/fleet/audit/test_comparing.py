"""Which results of two hosts agree."""

from __future__ import annotations

from typing import Any

import pytest

from fleet.audit.comparing import HostResult, agree
from tasks.compute.tolerance import ABSOLUTE, RELATIVE
from tasks.kinds import Kind
from tasks.messages import Outcome, ResultMessage

_AVX2, _AVX512 = ("x86_64", "2.4", "openblas", "haswell", "3"), ("x86_64", "2.4", "openblas", "skylakex", "3")
_ONE, _OTHER = "a" * 64, "b" * 64
_PRODUCT = {"checksum": _ONE, "shape": [2, 2], "mean": 0.25, "std": 1.5, "synthetic": True}


def _claim(result: dict[str, Any], kind: Kind = (), version: str = "3") -> HostResult:
    message = ResultMessage(
        job_id="j1", attempt=1, outcome=Outcome.COMPUTED, result=result, worker="worker@a", kernel_version=version
    )
    return HostResult(message=message, kind=kind)


def _agree(
    one: dict[str, Any],
    other: dict[str, Any],
    job_type: str = "matrix_multiply",
    kinds: tuple[Kind, Kind] = ((), ()),
) -> bool:
    first, second = _claim(one, kinds[0]), _claim(other, kinds[1])
    assert agree(job_type, first, second) == agree(job_type, second, first)
    return agree(job_type, first, second)


def test_equal_results_agree_whatever_the_hosts_are() -> None:
    assert _agree(_PRODUCT, dict(_PRODUCT))
    assert _agree(_PRODUCT, dict(_PRODUCT), kinds=(_AVX2, _AVX512))


def test_hosts_of_one_kind_have_to_agree_in_every_bit() -> None:
    assert not _agree(_PRODUCT, _PRODUCT | {"checksum": _OTHER}, kinds=(_AVX2, _AVX2))


@pytest.mark.parametrize("kinds", [((), ()), (_AVX2, ()), (_AVX2, _AVX512)])
def test_unlike_and_unknown_hosts_may_differ_by_rounding_alone(kinds: tuple[Kind, Kind]) -> None:
    rounded = _PRODUCT | {"checksum": _OTHER, "mean": 0.25 * (1 + RELATIVE / 2), "std": 1.5 - ABSOLUTE / 2}
    assert _agree(_PRODUCT, rounded, kinds=kinds)
    for wrong in ({"mean": 0.25 * (1 + 3 * RELATIVE)}, {"shape": [2, 3]}, {"synthetic": False}, {"std": None}):
        assert not _agree(_PRODUCT, _PRODUCT | {"checksum": _OTHER} | wrong, kinds=kinds)


def test_numbers_near_zero_may_differ_by_the_absolute_tolerance() -> None:
    assert _agree(_PRODUCT | {"mean": 0.0}, _PRODUCT | {"mean": ABSOLUTE / 2})
    assert not _agree(_PRODUCT | {"mean": 0.0}, _PRODUCT | {"mean": ABSOLUTE * 2})


@pytest.mark.parametrize("job_type", ["data_hash", "network_protection", "data_validation", "tensor_reduce"])
def test_digests_over_integers_and_drawn_numbers_are_the_same_everywhere(job_type: str) -> None:
    one, other = {"checksum": _ONE, "iterations": 3}, {"checksum": _OTHER, "iterations": 3}
    assert not _agree(one, other, job_type, kinds=(_AVX2, _AVX512))


def test_a_result_without_the_numbers_that_the_other_has_disagrees() -> None:
    bare = {"checksum": _OTHER}
    assert not _agree(_PRODUCT, bare)
    assert not _agree({"checksum": _ONE}, bare)


def test_kernels_of_two_versions_are_compared_by_what_both_state() -> None:
    old, new = {"final_hash": _ONE, "iterations": 3}, {"final_hash": _OTHER, "iterations": 3, "more": 1}
    assert agree("data_hash", _claim(old, version="2"), _claim(new))
    assert not agree("data_hash", _claim(old | {"iterations": 4}, version="2"), _claim(new))
    assert not agree("data_hash", _claim({"final_hash": _ONE}, version="2"), _claim(new))


def test_lists_and_objects_are_compared_part_by_part() -> None:
    one = {"invalid": [{"index": 1, "reasons": ["x"]}], "by": {"a": 0.5}, "blocks_validated": 2}
    assert _agree(one, {**one, "by": {"a": 0.5 + ABSOLUTE / 2}}, "network_protection")
    assert not _agree(one, {**one, "by": {"b": 0.5}}, "network_protection")
    assert not _agree(one, {**one, "invalid": []}, "network_protection")
    assert not _agree(one, {**one, "invalid": [{"index": 1, "reasons": ["y"]}]}, "network_protection")


def test_an_integer_is_no_text_and_no_truth_value() -> None:
    assert not _agree(_PRODUCT, _PRODUCT | {"synthetic": 1, "checksum": _OTHER})
    assert not _agree(_PRODUCT, _PRODUCT | {"mean": "0.25", "checksum": _OTHER})
    assert not _agree(_PRODUCT | {"mean": 1.0}, _PRODUCT | {"mean": True, "checksum": _OTHER})


_WITH_GPU = (*_AVX2, "cuda NVIDIA T4 cupy-cuda12x 14.2.0")
_ROUNDED = _PRODUCT | {"checksum": _OTHER, "mean": 0.25 * (1 + RELATIVE / 2)}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((_WITH_GPU, "3+cuda"), (_AVX2, "3")),
        ((_WITH_GPU, "3+cuda"), (_WITH_GPU, "3")),
        ((_WITH_GPU, "3+cuda"), (_WITH_GPU, "3+cuda")),
        ((_WITH_GPU, "3+cuda"), (_AVX512, "3")),
    ],
)
def test_what_a_gpu_computed_may_differ_by_rounding_and_by_nothing_else(
    one: tuple[Kind, str], other: tuple[Kind, str]
) -> None:
    first, second = _claim(_PRODUCT, *one), _claim(_ROUNDED, *other)
    assert agree("matrix_multiply", first, second)
    assert agree("matrix_multiply", second, first)
    for wrong in ({"mean": 0.25 * (1 + 3 * RELATIVE)}, {"shape": [2, 3]}):
        assert not agree("matrix_multiply", first, _claim(_PRODUCT | wrong, *other))
    digests = {"checksum": _ONE, "iterations": 3}, {"checksum": _OTHER, "iterations": 3}
    assert not agree("data_hash", _claim(digests[0], *one), _claim(digests[1], *other))


def test_what_the_processor_of_a_host_with_a_gpu_computed_has_to_agree_in_every_bit() -> None:
    assert not agree("matrix_multiply", _claim(_PRODUCT, _WITH_GPU), _claim(_ROUNDED, _AVX2))
    assert not agree("matrix_multiply", _claim(_PRODUCT, _WITH_GPU), _claim(_ROUNDED, _WITH_GPU))


def test_a_host_without_a_gpu_does_not_escape_the_exact_comparison_by_naming_one() -> None:
    assert not agree("matrix_multiply", _claim(_PRODUCT, _AVX2, "3+cuda"), _claim(_ROUNDED, _AVX2))
