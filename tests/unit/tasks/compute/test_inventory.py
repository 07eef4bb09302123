"""An inventory names the features that matter and the BLAS in use; equal hosts have one key, and one kind."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import tasks.compute.catalog  # noqa: F401 - loads numpy, as the measurement does
from tasks.bench.samples import SAMPLES
from tasks.compute.inventory import features, inventory, loaded_blas
from tasks.jobtypes import JOB_TYPES

OPENBLAS = {"user_api": "blas", "internal_api": "openblas", "version": "0.3.31", "architecture": "Haswell"}


def test_this_hosts_inventory_names_its_numpy_and_its_blas() -> None:
    found = inventory()
    assert found.hardware.cpu_cores >= 1
    assert found.numpy[0].isdigit()
    assert found.blas.startswith("openblas")
    assert found.blas_code
    assert found.stated()["key"] == inventory().key


def test_another_memory_is_another_key_of_the_same_kind() -> None:
    found = inventory()
    larger = replace(found, hardware=replace(found.hardware, memory_mb=found.hardware.memory_mb + 1))
    assert larger.key != found.key
    assert larger.kind == found.kind


@pytest.mark.parametrize("field", ["machine", "numpy", "blas", "blas_code", "kernel_version"])
def test_what_decides_on_the_last_bits_makes_another_kind(field: str) -> None:
    found = inventory()
    assert replace(found, **{field: "other"}).kind != found.kind  # type: ignore[arg-type]


def test_another_library_for_the_gpu_is_another_key_of_the_same_kind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = inventory()
    info = tmp_path / "cupy_cuda12x-99.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: cupy-cuda12x\nVersion: 99.0\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    after = inventory()
    assert after.gpu_library == "cupy-cuda12x 99.0"
    assert before.key != after.key
    assert before.kind == after.kind


@pytest.mark.parametrize(
    ("cpuinfo", "names"),
    [
        ("flags\t\t: fpu avx2 avx sse4_2 avx512f\n", ("sse4_2", "avx", "avx2", "avx512f")),
        ("Features\t: fp asimd sve\n", ("asimd", "sve")),
        ("", ()),
        ("flags", ()),
    ],
)
def test_features_come_in_one_order_whatever_the_processor_lists(cpuinfo: str, names: tuple[str, ...]) -> None:
    assert features(cpuinfo) == names


@pytest.mark.parametrize(
    ("libraries", "found"),
    [
        ([{"user_api": "openmp"}, OPENBLAS], ("openblas 0.3.31", "Haswell")),
        ([{"user_api": "blas", "internal_api": "mkl", "version": None}], ("mkl", "")),
        ([], ("", "")),
    ],
)
def test_a_blas_that_says_little_is_named_by_what_it_says(
    libraries: list[dict[str, object]], found: tuple[str, str]
) -> None:
    assert loaded_blas(libraries) == found


def test_every_job_type_is_sampled() -> None:
    assert {sample.job_type for sample in SAMPLES} == set(JOB_TYPES)
    assert len({sample.name for sample in SAMPLES}) == len(SAMPLES)
