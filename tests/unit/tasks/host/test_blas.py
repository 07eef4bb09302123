"""BLAS gets the code for the processor where it would not choose it by itself."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

import pytest

from tasks.host.blas import better_code, blas_variables, prepare_blas

AVX512 = "flags\t\t: fpu avx2 avx512f avx512dq avx512cd avx512bw avx512vl\n"
ZEN_4 = f"vendor_id\t: AuthenticAMD\ncpu family\t: 25\n{AVX512}"
ZEN_5 = f"vendor_id\t: AuthenticAMD\ncpu family\t: 26\n{AVX512}"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (ZEN_5, "SkylakeX"),
        (ZEN_5.replace("26", "27"), "SkylakeX"),
        (ZEN_5.replace("avx512vl", ""), ""),
        (ZEN_4, ""),
        (ZEN_5.replace("AuthenticAMD", "GenuineIntel"), ""),
        (ZEN_5.replace("26", "?"), ""),
        ("", ""),
        ("CPU implementer\t: 0x41\nFeatures\t: fp asimd\n", ""),
    ],
)
def test_code_is_named_for_processors_that_blas_does_not_know(text: str, code: str) -> None:
    assert better_code(text) == code


@pytest.mark.parametrize("missing", blas_variables())
def test_a_process_starts_again_with_what_its_environment_lacks(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    restarted: list[tuple[list[str], Mapping[str, str]]] = []
    monkeypatch.setattr(os, "execve", lambda _path, argv, environ: restarted.append((argv, environ)))
    monkeypatch.setattr(sys, "orig_argv", ["python3", "-m", "tasks", "flower"])
    for name, text in blas_variables().items():
        monkeypatch.setenv(name, text)
    prepare_blas()
    # an operator may choose something else
    monkeypatch.setenv(missing, "2")
    prepare_blas()
    assert not restarted
    monkeypatch.delenv(missing)
    prepare_blas()
    ((argv, environ),) = restarted
    assert argv == ["python3", "-m", "tasks", "flower"]
    assert environ[missing] == blas_variables()[missing]
