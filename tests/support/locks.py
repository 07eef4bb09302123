"""Another program that locks a ledger for writing, as a backup script or an open shell does."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_HOLD = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
time.sleep(float(sys.argv[2]))
connection.execute("ROLLBACK")
"""


@contextmanager
def locked(ledger: Path, seconds: float) -> Iterator[subprocess.Popen[str]]:
    """Run a program that holds the write lock of `ledger` for `seconds`. It has the lock when the block begins."""
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(ledger), str(seconds)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        yield holder
    finally:
        holder.kill()
        holder.communicate()
