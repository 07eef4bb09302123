"""What decides on a result's last bits: the kind of its host, and the device that its kernel version names. Pure."""

from __future__ import annotations

#: follows the kernel version of a result that a GPU computed
ON_GPU = "+cuda"
#: number of parts of a kind that decide on the bits that a processor computes; a GPU that computes, too, follows them
_PROCESSOR_PARTS = 5

#: what two hosts must have in common to compute the same digests; empty where a host has not stated it
Kind = tuple[str, ...]


def processor_kind(kind: Kind) -> Kind:
    """The part of a host's kind that decides on what its processor computes."""
    return kind[:_PROCESSOR_PARTS]


def gpu_of(kind: Kind) -> str:
    """The GPU that a host of this kind computes on; empty if it computes on none."""
    return ", ".join(kind[_PROCESSOR_PARTS:])


def computed_on_gpu(kernel_version: str) -> bool:
    """Whether a result of this kernel version was computed on a GPU."""
    return kernel_version.endswith(ON_GPU)


def version_of(kernel_version: str) -> str:
    """A result's kernel version without the device: "3" of "3" and of "3+cuda"."""
    return kernel_version.removesuffix(ON_GPU)
