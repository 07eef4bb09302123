"""What this host has for computing: processor, memory, GPUs, and the libraries that decide on a result's last bits."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from threadpoolctl import threadpool_info

from tasks.compact_json import compact_sorted
from tasks.compute.digest import KERNEL_VERSION
from tasks.host.hardware import Hardware, detect
from tasks.host.processor import cpuinfo, value_of

#: instruction sets that change how fast numpy computes, and the last bits of what it computes
_FEATURES = ("sse4_2", "avx", "fma", "avx2", "avx512f", "avx512_bf16", "amx_tile", "asimd", "sve")
_KEY_DIGITS = 16
#: what CuPy's builds are called: by the CUDA that they are for, and one that a host builds itself
_CUPY = ("cupy-cuda12x", "cupy-cuda13x", "cupy")


@dataclass(frozen=True, kw_only=True, slots=True)
class Inventory:
    """One host and its libraries."""

    hardware: Hardware
    #: architecture, e.g. `x86_64`, and the processor's own name
    machine: str
    processor: str
    #: of the instruction sets that matter here, in a fixed order
    features: tuple[str, ...]
    python: str
    numpy: str
    #: name and version of numpy's BLAS, and the processor type whose code it chose; "" where it can't be told
    blas: str
    blas_code: str
    kernel_version: str = KERNEL_VERSION
    #: name and version of the library that computes on a GPU; "" where none is installed
    gpu_library: str = ""

    @property
    def kind(self) -> tuple[str, ...]:
        """What two hosts must have in common to compute the same digests on their processors."""
        return (self.machine, self.numpy, self.blas, self.blas_code, self.kernel_version)

    @property
    def key(self) -> str:
        """A name for this hardware with these versions: a measurement holds as long as it stays the same."""
        return hashlib.sha256(compact_sorted(asdict(self)).encode()).hexdigest()[:_KEY_DIGITS]

    def stated(self) -> dict[str, Any]:
        """The inventory for JSON."""
        return {"key": self.key, "kind": list(self.kind), **asdict(self)}


def inventory() -> Inventory:
    """This host's inventory. numpy has to be loaded already: its BLAS is found among the loaded libraries."""
    text = cpuinfo()
    blas, blas_code = loaded_blas(threadpool_info())
    return Inventory(
        hardware=detect(),
        machine=platform.machine(),
        processor=value_of(text, "model name") or platform.processor() or platform.machine(),
        features=features(text),
        python=platform.python_version(),
        numpy=version("numpy"),
        blas=blas,
        blas_code=blas_code,
        gpu_library=gpu_library(),
    )


def gpu_library() -> str:
    """Name and version of the CuPy that is installed, without loading it; "" without one."""
    for name in _CUPY:
        try:
            return f"{name} {version(name)}"
        except PackageNotFoundError:
            continue
    return ""


def features(text: str) -> tuple[str, ...]:
    """The instruction sets named by the text of /proc/cpuinfo, of those that matter here."""
    flags = frozenset((value_of(text, "flags") or value_of(text, "Features")).split())
    return tuple(name for name in _FEATURES if name in flags)


def loaded_blas(libraries: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    """Name with version, and chosen code, of the first BLAS among `threadpool_info()`'s libraries; "" for unknown."""
    for library in libraries:
        if library.get("user_api") == "blas":
            name, number = library.get("internal_api") or "blas", library.get("version") or ""
            return f"{name} {number}".strip(), str(library.get("architecture") or "")
    return "", ""
