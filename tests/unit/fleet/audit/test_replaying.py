"""How a submitted result compares with the same job, computed again."""

from __future__ import annotations

from typing import Any

import pytest

from fleet.audit.comparing import HostResult, agree
from fleet.audit.replaying import Agreement, compare
from tasks.compute.tolerance import RELATIVE
from tasks.kinds import Kind
from tasks.messages import Outcome, ResultMessage

_AVX2, _AVX512 = ("x86_64", "2.4", "openblas", "haswell", "3"), ("x86_64", "2.4", "openblas", "skylakex", "3")
_ONE, _OTHER = "a" * 64, "b" * 64
_PRODUCT = {"checksum": _ONE, "shape": [2, 2], "mean": 0.25, "std": 1.5, "synthetic": True}
_ROUNDED = _PRODUCT | {"checksum": _OTHER, "mean": 0.25 * (1 + RELATIVE / 2)}
_WRONG = _PRODUCT | {"checksum": _OTHER, "mean": 0.3}


def given(result: dict[str, Any], kind: Kind = (), version: str = "3") -> HostResult:
    message = ResultMessage(
        job_id="j1", attempt=1, outcome=Outcome.COMPUTED, result=result, worker="worker@a", kernel_version=version
    )
    return HostResult(message=message, kind=kind)


@pytest.mark.parametrize(
    ("again", "kinds", "agreement"),
    [
        (_PRODUCT, (_AVX2, _AVX2), Agreement.SAME),
        (_PRODUCT, (_AVX2, _AVX512), Agreement.SAME),
        (_PRODUCT, ((), ()), Agreement.SAME),
        (_ROUNDED, (_AVX2, _AVX2), Agreement.DIFFERS),
        (_ROUNDED, (_AVX2, _AVX512), Agreement.WITHIN_TOLERANCE),
        (_ROUNDED, ((), _AVX512), Agreement.WITHIN_TOLERANCE),
        (_WRONG, (_AVX2, _AVX512), Agreement.DIFFERS),
        (_PRODUCT | {"more": 1}, (_AVX2, _AVX512), Agreement.DIFFERS),
    ],
)
def test_one_kind_has_to_agree_in_every_bit_and_unlike_kinds_within_the_tolerance(
    again: dict[str, Any], kinds: tuple[Kind, Kind], agreement: Agreement
) -> None:
    one, other = given(_PRODUCT, kinds[0]), given(again, kinds[1])
    found = compare("matrix_multiply", one, other)
    assert found.agreement is agreement
    assert found.same_kind is (kinds == (_AVX2, _AVX2))
    # checked work would have said the same of the two
    assert agree("matrix_multiply", one, other) is (agreement in {Agreement.SAME, Agreement.WITHIN_TOLERANCE})


def test_each_field_is_judged_by_itself() -> None:
    found = compare("matrix_multiply", given(_PRODUCT, _AVX2), given(_ROUNDED | {"std": 2.5}, _AVX512))
    assert {field.name: field.agreement for field in found.fields} == {
        "checksum": Agreement.NOT_COMPARABLE,
        "shape": Agreement.SAME,
        "mean": Agreement.WITHIN_TOLERANCE,
        "std": Agreement.DIFFERS,
        "synthetic": Agreement.SAME,
    }
    assert {(field.submitted, field.computed) for field in found.fields if field.name == "std"} == {(1.5, 2.5)}


def test_the_time_that_the_coordinator_adds_is_not_compared() -> None:
    found = compare("matrix_multiply", given(_PRODUCT | {"compute_time_ms": 3.5}), given(_PRODUCT))
    assert found.agreement is Agreement.SAME
    assert "compute_time_ms" not in {field.name for field in found.fields}


def test_of_a_mended_result_the_fields_are_compared_that_were_submitted() -> None:
    cut = {"checksum": _ONE, "compute_time_ms": 1.0}
    assert (
        compare("matrix_multiply", given(cut, _AVX2), given(_PRODUCT, _AVX2), mended=True).agreement is Agreement.SAME
    )
    assert compare("matrix_multiply", given(cut, _AVX2), given(_PRODUCT, _AVX2)).agreement is Agreement.DIFFERS
    wrong = compare("matrix_multiply", given(cut, _AVX2), given(_WRONG, _AVX2), mended=True)
    assert wrong.agreement is Agreement.DIFFERS


def test_a_digest_alone_tells_nothing_between_unlike_kinds() -> None:
    cut = {"checksum": _ONE}
    found = compare("matrix_multiply", given(cut, _AVX2), given(_ROUNDED, _AVX512), mended=True)
    assert found.agreement is Agreement.NOT_COMPARABLE


def test_kernels_of_another_release_are_compared_by_the_numbers_that_both_state() -> None:
    newer = _ROUNDED | {"more": 1}
    found = compare("matrix_multiply", given(_PRODUCT, version="2"), given(newer, version="3"))
    assert found.agreement is Agreement.WITHIN_TOLERANCE
    assert {field.name: field.agreement for field in found.fields}["more"] is Agreement.NOT_COMPARABLE
    assert compare("matrix_multiply", given(_PRODUCT, version="2"), given(_WRONG)).agreement is Agreement.DIFFERS


def test_what_a_gpu_computed_is_compared_within_the_tolerance() -> None:
    on_gpu = given(_ROUNDED, (*_AVX2, "RTX 4090"), "3+cuda")
    found = compare("matrix_multiply", on_gpu, given(_PRODUCT, _AVX2))
    assert (found.agreement, found.same_kind) == (Agreement.WITHIN_TOLERANCE, False)
