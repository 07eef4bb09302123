"""A slow disk: a library that delays the fdatasync and fsync of a process by a number in a file."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

#: environment variable with the path of a file that holds the delay in seconds; without it nothing is delayed
DELAY_FILE = "NEONET_TEST_SYNC_DELAY"

_SOURCE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double wanted(void) {
    const char *name = getenv("NEONET_TEST_SYNC_DELAY");
    FILE *file = name ? fopen(name, "r") : NULL;
    double seconds = 0;
    if (!file) return 0;
    if (fscanf(file, "%lf", &seconds) != 1) seconds = 0;
    fclose(file);
    return seconds;
}

static void delay(void) {
    const struct timespec step = {0, 20000000};
    for (double waited = 0; waited < wanted(); waited += 0.02) nanosleep(&step, NULL);
}

int fdatasync(int fd) {
    delay();
    return ((int (*)(int))dlsym(RTLD_NEXT, "fdatasync"))(fd);
}

int fsync(int fd) {
    delay();
    return ((int (*)(int))dlsym(RTLD_NEXT, "fsync"))(fd);
}
"""


def compiler() -> str | None:
    """The C compiler of this machine; None without one."""
    return shutil.which("cc") or shutil.which("gcc")


class SlowDisk:
    """Delays the syncs of processes that run with `environ`."""

    def __init__(self, folder: Path) -> None:
        cc = compiler()
        assert cc is not None, "no C compiler: apt-get install gcc"
        folder.mkdir(parents=True, exist_ok=True)
        source, self._library, self._delay = folder / "slow.c", folder / "slow.so", folder / "delay"
        source.write_text(_SOURCE)
        subprocess.run([cc, "-shared", "-fPIC", "-O1", "-o", str(self._library), str(source), "-ldl"], check=True)

    @property
    def environ(self) -> dict[str, str]:
        """The variables that a process needs in its environment when it starts."""
        return {"LD_PRELOAD": str(self._library), DELAY_FILE: str(self._delay)}

    def delay(self, seconds: float) -> None:
        """Delay each sync by `seconds` from now on, including those under way."""
        unfinished = self._delay.with_suffix(".unfinished")
        unfinished.write_text(f"{seconds}")
        unfinished.replace(self._delay)
