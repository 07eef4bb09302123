"""The archive of a report: every part is there, without secrets, and a part that fails says why."""

from __future__ import annotations

import io
import tarfile

from fleet.doctor.archive import packed
from fleet.errors import LedgerError


def fails() -> str:
    raise LedgerError("the ledger of a-secret is not readable")


def test_every_part_is_packed_without_secrets_and_one_that_fails_says_why() -> None:
    parts = {"a.json": lambda: "{}", "logs/run/worker.log": lambda: "said a-secret\n", "ledger.json": fails}
    data = packed(parts, lambda text: text.replace("a-secret", "********"), "report")
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        found = {entry.name: archive.extractfile(entry).read() for entry in archive}  # type: ignore[union-attr]
        assert {entry.mode for entry in archive.getmembers()} == {0o600}
    assert found == {
        "report/a.json": b"{}",
        "report/logs/run/worker.log": b"said ********\n",
        "report/ledger.json": b"not made: the ledger of ******** is not readable\n",
    }
