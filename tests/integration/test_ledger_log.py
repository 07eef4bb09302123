"""The write-ahead log of SQLite while another program keeps a read transaction open: a warning, and emptied later."""

from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path

from fleet.ledger.ledger import Ledger
from fleet.ledger.storage.engine import open_engine
from fleet.ledger.storage.places import log_bytes
from tests.support.ledger_rows import paid

_READ = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN")
connection.execute("SELECT count(*) FROM entries").fetchall()
print("read", flush=True)
sys.stdin.read()
"""
_LIMIT_BYTES = 6_000_000


def test_a_reader_that_does_not_end_is_named_and_the_log_is_written_over_after_it(tmp_path: Path) -> None:
    file = tmp_path / "ledger.sqlite"
    with Ledger(open_engine(f"sqlite:///{file}"), "here") as ledger:
        numbers = itertools.count()

        def mine(jobs: int) -> None:
            for number in itertools.islice(numbers, jobs):
                ledger.commit(paid(number))

        mine(300)
        assert log_bytes(file) < _LIMIT_BYTES
        assert ledger.log_grown(_LIMIT_BYTES) == ""
        argv = [sys.executable, "-c", _READ, str(file)]
        with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as reader:
            assert reader.stdout is not None
            assert reader.stdout.readline() == "read\n"
            while log_bytes(file) <= _LIMIT_BYTES:
                mine(50)
            assert f"(pid {reader.pid}) keeps a read transaction open" in ledger.log_grown(_LIMIT_BYTES)
            reader.kill()
        mine(50)
        grown = log_bytes(file)
        mine(1000)
        assert log_bytes(file) == grown
