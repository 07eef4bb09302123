"""This machine's processor: what Linux says of it, and whether it has the instructions that numpy was built for."""

from __future__ import annotations

import platform
from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")
#: x86-64-v2 in Linux's names: processors since 2009 have them, some emulated ones don't
_NEEDED = ("cx16", "lahf_lm", "popcnt", "sse4_1", "sse4_2", "ssse3")


def cpuinfo() -> str:
    """The text of /proc/cpuinfo; empty where there is none."""
    try:
        return CPUINFO.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def value_of(text: str, name: str) -> str:
    """The value of the first line of that name in the text of /proc/cpuinfo; empty without one."""
    for line in text.splitlines():
        key, colon, value = line.partition(":")
        if colon and key.strip() == name:
            return value.strip()
    return ""


def lacking(machine: str, text: str) -> tuple[str, ...]:
    """Instructions that numpy needs and the processor lacks, by the text of /proc/cpuinfo; none where unknown.

    Without them numpy ends the process by an illegal instruction, or fails on import.
    """
    if machine.lower() not in {"x86_64", "amd64"}:
        return ()
    flags = value_of(text, "flags").split()
    return tuple(name for name in _NEEDED if name not in flags) if flags else ()


def refusal() -> str | None:
    """Why no worker can run on this processor, or None."""
    names = lacking(platform.machine(), cpuinfo())
    if not names:
        return None
    return (
        f"this processor lacks {', '.join(names)}, which numpy needs (x86-64-v2): run workers on another host; "
        "a virtual machine needs a processor type that passes them on, such as `host`"
    )
