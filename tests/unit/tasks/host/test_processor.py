"""A processor without the instructions that numpy was built for is named, and nothing else is."""

from __future__ import annotations

import pytest

from tasks.host.processor import lacking, refusal

CORE_2 = "processor\t: 0\nflags\t\t: fpu sse sse2 pni ssse3 cx16 sse4_1 lahf_lm\n\nprocessor\t: 1\nflags\t\t: fpu\n"
QEMU64 = "flags\t\t: fpu de pse tsc msr sse sse2 ht syscall nx lm pni cx16 hypervisor lahf_lm svm\n"
MODERN = "vmx flags\t: vnmi\nflags\t\t: fpu sse2 ssse3 cx16 sse4_1 sse4_2 popcnt avx lahf_lm avx2\n"


@pytest.mark.parametrize(
    ("machine", "cpuinfo", "names"),
    [
        ("x86_64", CORE_2, ("popcnt", "sse4_2")),
        ("x86_64", QEMU64, ("popcnt", "sse4_1", "sse4_2", "ssse3")),
        ("x86_64", MODERN, ()),
        ("x86_64", "", ()),
        ("aarch64", "Features\t: fp asimd\n", ()),
    ],
)
def test_what_is_lacking_is_named(machine: str, cpuinfo: str, names: tuple[str, ...]) -> None:
    assert lacking(machine, cpuinfo) == names


def test_a_machine_on_which_numpy_runs_is_not_refused() -> None:
    assert refusal() is None
