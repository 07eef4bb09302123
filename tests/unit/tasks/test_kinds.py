"""What a kernel version and a kind say of the device."""

from __future__ import annotations

import pytest

from tasks.kinds import ON_GPU, computed_on_gpu, gpu_of, processor_kind, version_of

PROCESSOR = ("x86_64", "2.4", "openblas", "haswell", "3")


@pytest.mark.parametrize(("text", "version", "on_gpu"), [("3", "3", False), (f"3{ON_GPU}", "3", True), ("", "", False)])
def test_a_kernel_version_names_the_device(text: str, version: str, on_gpu: bool) -> None:
    assert version_of(text) == version
    assert computed_on_gpu(text) is on_gpu


def test_a_gpu_follows_what_decides_on_the_processors_bits() -> None:
    assert processor_kind((*PROCESSOR, "cuda T4")) == processor_kind(PROCESSOR) == PROCESSOR
    assert gpu_of((*PROCESSOR, "cuda T4")) == "cuda T4"
    assert gpu_of(PROCESSOR) == gpu_of(()) == ""
