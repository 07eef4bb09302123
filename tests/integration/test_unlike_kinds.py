"""Hosts with another BLAS code, or a numpy that uses no AVX, compute what checked work takes as the same."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from tasks.compute.catalog import KERNEL_VERSION, compute
from tests.kinds import __main__ as kinds
from tests.kinds.compared import Computed, compared
from tests.support.processes import ROOT

pytestmark = pytest.mark.timeout(120)


def code_of_blas() -> str:
    """What BLAS of this Python calls the code that it has chosen; empty if it can't be made to choose another."""
    asked = "import json, numpy, threadpoolctl; print(json.dumps(threadpoolctl.threadpool_info()))"
    done = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True)
    return next((one.get("architecture", "") for one in json.loads(done.stdout) if one["user_api"] == "blas"), "")


@pytest.mark.skipif(not code_of_blas(), reason="BLAS of this numpy is not OpenBLAS, so that its code can't be chosen")
def test_results_of_unlike_kinds_agree(capsys: pytest.CaptureFixture[str]) -> None:
    assert kinds.main(["--code", "Nehalem", "--old", "--jobs", "2"]) == 0
    told = capsys.readouterr().out
    first, code, old = (line.partition(": ")[2] for line in told.splitlines()[:3])
    assert len({first, code, old}) == 3, f"three kinds: {told}"


def test_a_number_that_is_wrong_by_more_than_rounding_is_found() -> None:
    data = {"layer_dims": [8, 4]}
    right = compute("gradient_compute", data, job_id="job")
    loss = right["loss"]
    assert isinstance(loss, float)
    one = Computed(kind=("x86_64", "1", "blas", "one"), kernel_version=KERNEL_VERSION, results=[right])
    other = replace(one, kind=("x86_64", "1", "blas", "other"))
    assert not compared(["gradient_compute"], {"one": one, "other": other}).wrong
    wrong = replace(other, results=[{**right, "loss": loss * 1.01}])
    found = compared(["gradient_compute"], {"one": one, "wrong": wrong})
    assert found.wrong == ["gradient_compute of one and wrong: loss"]
    assert found.differences["gradient_compute", "loss"].relative == pytest.approx(0.01, rel=0.02)
