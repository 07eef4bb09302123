from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tasks.compute.digest import KERNEL_VERSION, canonical, digest, seed
from tasks.compute.kernels.fingerprint import fingerprint

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


def test_a_digest_is_sha256_over_name_version_and_length_prefixed_parts() -> None:
    expected = f"neonet-fleet/{KERNEL_VERSION}/name\0".encode() + (3).to_bytes(8, "little") + b"abc" + bytes(8)
    assert digest("name", b"abc", b"") == hashlib.sha256(expected).hexdigest()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("a", b"bc"), ("ab", b"c")),
        (("a", b"b", b"c"), ("a", b"bc")),
        (("a", b"", b"b"), ("a", b"b", b"")),
        (("a",), ("a", b"")),
    ],
)
def test_no_two_lists_of_parts_share_a_digest(one: tuple[Any, ...], other: tuple[Any, ...]) -> None:
    assert digest(*one) != digest(*other)


def test_a_view_hashes_as_its_bytes() -> None:
    view = np.arange(6, dtype="<i4").reshape(2, 3).data
    assert digest("x", view) == digest("x", np.arange(6, dtype="<i4").tobytes())


@given(JSON)
def test_canonical_text_does_not_depend_on_the_order_of_keys_and_survives_a_round_trip(value: object) -> None:
    text = canonical(value)
    assert canonical(json.loads(text)) == text
    assert canonical(_turned(value)) == text


def _turned(value: object) -> object:
    if isinstance(value, dict):
        return {key: _turned(value[key]) for key in reversed(value)}
    if isinstance(value, list):
        return tuple(_turned(item) for item in value)
    return value


def test_negative_zero_is_zero_every_nan_is_one_and_an_integer_is_no_float() -> None:
    assert canonical([-0.0]) == canonical([0.0]) == b"[0.0]"
    assert canonical(float("-nan")) == canonical(float("nan")) == b"NaN"
    assert canonical(1) != canonical(1.0)
    assert canonical(0.1 + 0.2) == b"0.30000000000000004"


@pytest.mark.parametrize("value", [{1: 2}, {"a": {None: 1}}, b"x", {1, 2}, np.float64(1).astype(np.float32), object()])
def test_what_is_not_json_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        canonical(value)


def test_a_seed_is_a_256_bit_digest_of_any_string() -> None:
    expected = hashlib.sha256(b"neonet-fleet/seed/job").digest()
    assert seed("job") == int.from_bytes(expected, "little")
    assert len({seed(""), seed("\ud800"), seed("job"), seed("Job"), seed("x" * 10_000)}) == 5
    assert all(0 <= seed(text) < 2**256 for text in ("", "\ud800", "job"))


ARRAY = np.array([[1.5, -2.0, 0.0], [3.0, 1e-40, -7.25]], dtype=np.float32)


@pytest.mark.parametrize(
    "same",
    [
        np.asfortranarray(ARRAY),
        ARRAY.astype(">f4"),
        np.repeat(ARRAY, 2, axis=1)[:, ::2],
        np.where(ARRAY == 0, np.float32(-0.0), ARRAY),
        ARRAY[::-1, ::-1][::-1, ::-1],
    ],
)
def test_equal_arrays_have_one_fingerprint_whatever_their_layout(same: NDArray[np.float32]) -> None:
    assert fingerprint("x", same) == fingerprint("x", ARRAY)


@pytest.mark.parametrize(
    "different",
    [
        ARRAY.astype(np.float64),
        ARRAY.reshape(3, 2),
        ARRAY.reshape(-1),
        ARRAY.view(np.int32),
        np.nextafter(ARRAY, np.float32(9)),
    ],
)
def test_dtype_shape_and_the_last_bit_count(different: NDArray[Any]) -> None:
    assert fingerprint("x", different) != fingerprint("x", ARRAY)


def test_every_nan_has_one_fingerprint_and_is_no_number() -> None:
    quiet = np.array([1.0, np.nan], dtype=np.float32)
    other = np.array([0x3F800000, 0xFFC00123], dtype=np.uint32).view(np.float32)
    assert fingerprint("x", quiet) == fingerprint("x", other)
    assert fingerprint("x", quiet) != fingerprint("x", np.array([1.0, 0.0], dtype=np.float32))
    assert fingerprint("x", np.array([np.inf])) != fingerprint("x", np.array([-np.inf]))


@pytest.mark.parametrize(
    "array", [np.zeros(0), np.zeros((3, 0), dtype=np.int64), np.array(2.0), np.zeros(3, dtype=np.bool_)]
)
def test_empty_scalar_integer_and_bool_arrays_have_fingerprints(array: NDArray[Any]) -> None:
    assert len(fingerprint("x", array)) == 64


def test_a_fingerprint_leaves_its_array_unchanged() -> None:
    array = np.array([-0.0, np.nan, 1.0])
    before = array.tobytes()
    fingerprint("x", array)
    assert array.tobytes() == before


def test_a_fingerprint_agrees_with_the_definition() -> None:
    expected = digest("x", b"f4(2, 3)", ARRAY.astype("<f4").tobytes())
    assert fingerprint("x", ARRAY) == expected


def test_digests_need_no_numpy() -> None:
    script = "import sys, tasks.compute.digest, tasks.compute.payloads.table; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
