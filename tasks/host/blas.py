"""How numpy's BLAS computes: with one thread in each process, and by the best code for this processor."""

from __future__ import annotations

import os
import sys

from tasks.host.processor import cpuinfo, value_of

#: read by OpenBLAS, OpenMP and MKL only when numpy loads; the pool has a process for each core, and more threads cost
#: most of the speed
_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
#: names the processor whose code OpenBLAS takes
_CODE = "OPENBLAS_CORETYPE"
#: what OpenBLAS's code for Skylake-X needs
_AVX512 = frozenset({"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"})
#: family number of AMD's Zen 5
_ZEN_5 = 26


def better_code(text: str) -> str:
    """The processor whose code OpenBLAS shall take, by the text of /proc/cpuinfo; "" where it chooses well by itself.

    OpenBLAS 0.3.31 knows AMD's processors up to the Zen 4. It takes later ones for processors without AVX-512, and
    needs twice the time for a product of matrices.
    """
    family = value_of(text, "cpu family")
    amd = value_of(text, "vendor_id") == "AuthenticAMD" and family.isdecimal() and int(family) >= _ZEN_5
    return "SkylakeX" if amd and _AVX512.issubset(value_of(text, "flags").split()) else ""


def blas_variables() -> dict[str, str]:
    """The environment variables with which numpy computes fastest here, one process beside the other."""
    code = better_code(cpuinfo())
    return _ONE_THREAD | ({_CODE: code} if code else {})


def prepare_blas() -> None:
    """Start the command of this process again with `blas_variables`, unless the environment sets them.

    Setting them is not enough: numpy may be loaded already.
    """
    missing = {name: text for name, text in blas_variables().items() if name not in os.environ}
    if missing:
        os.execve(sys.executable, sys.orig_argv, os.environ | missing)  # noqa: S606 - our own program
