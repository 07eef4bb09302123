"""Computes the same jobs on unlike kinds of hosts, and compares their results: `python -m tests.kinds`.

    python -m tests.kinds --python ~/numpy-2.1/bin/python --code Haswell --code Prescott --old

A kind is a Python with its numpy and BLAS, and the code that BLAS chooses for the processor. The first is that of the
calling Python. Other Pythons need numpy and threadpoolctl only.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from random import Random
from typing import Any

from fleet.simulator.jobs import draw_data
from tasks.jobtypes import JOB_TYPES
from tests.kinds.compared import Compared, Computed, compared
from tests.support.processes import ROOT
from tests.support.workers import ONE_THREAD

_RECOMPUTE = "import sys; from tasks.bench.recompute import run; sys.exit(run(sys.stdin, sys.stdout))"
#: makes OpenBLAS and numpy use no instructions that a processor of 2004 lacks
_OLD = {
    "OPENBLAS_CORETYPE": "Prescott",
    "NPY_DISABLE_CPU_FEATURES": "SSE41 POPCNT SSE42 AVX F16C FMA3 AVX2 AVX512F AVX512CD AVX512_SKX",
}


def main(arguments: list[str] | None = None) -> int:
    """Compare the kinds. Returns 1 if any two differ by more than the tolerance."""
    parser = argparse.ArgumentParser(prog="python -m tests.kinds", description=__doc__)
    parser.add_argument("--python", action="append", default=[], help="another Python, as it comes")
    parser.add_argument("--code", action="append", default=[], help="OPENBLAS_CORETYPE of a kind, with this Python")
    parser.add_argument("--old", action="store_true", help="a kind without AVX, with this Python")
    parser.add_argument("--jobs", type=int, default=40, help="jobs of each type, and as many with older fields")
    options = parser.parse_args(arguments)
    jobs = _jobs(options.jobs)
    lines = "".join(json.dumps(job) + "\n" for job in jobs)
    kinds = {"this Python": _computed(sys.executable, {}, lines)}
    kinds |= {python: _computed(python, {}, lines) for python in options.python}
    kinds |= {code: _computed(sys.executable, {"OPENBLAS_CORETYPE": code}, lines) for code in options.code}
    if options.old:
        kinds["without AVX"] = _computed(sys.executable, _OLD, lines)
    for name, one in kinds.items():
        print(f"{name}: {' '.join(one.kind)}")
    found = compared([job["job_type"] for job in jobs], kinds)
    _print(found, len(jobs))
    return int(bool(found.wrong))


def _jobs(number: int) -> list[dict[str, Any]]:
    """So many jobs of each type with the data that servers send, and as many with that of earlier servers."""
    rng = Random(7)
    return [
        {"job_id": f"{name}-{count}", "job_type": name, "data": draw_data(name, rng, older_share=float(older))}
        for name in JOB_TYPES
        for older in (False, True)
        for count in range(number)
    ]


def _computed(python: str, environ: Mapping[str, str], lines: str) -> Computed:
    done = subprocess.run(
        [python, "-c", _RECOMPUTE],
        input=lines,
        env=os.environ | ONE_THREAD | dict(environ),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{python} does not compute: {done.stderr.strip()[-500:]}")
    head, *answers = map(json.loads, done.stdout.splitlines())
    if refused := [answer["error"] for answer in answers if "error" in answer]:
        raise SystemExit(f"{python} computes no {refused[0]}")
    results = [answer["result"] for answer in answers]
    return Computed(kind=tuple(head["kind"]), kernel_version=answers[0]["kernel"], results=results)


def _print(found: Compared, jobs: int) -> None:
    print(
        f"{jobs} jobs, each kind with each:", ", ".join(f"{one} {found.agreements[one]:,}" for one in found.agreements)
    )
    for (job_type, name), apart in sorted(found.differences.items()):
        if apart.absolute:
            print(f"{job_type:20} {name:24} {apart.absolute:.1e}  relative {apart.relative:.1e}")
    print(*found.wrong, sep="\n")


if __name__ == "__main__":
    sys.exit(main())
