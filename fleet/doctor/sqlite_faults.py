"""Faults of SQLite's releases that concern a ledger. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from fleet.doctor.diagnosis import Diagnosis, fail, ok, warn

#: `VACUUM INTO`, by which a ledger is copied, came with this release
_OLDEST = (3, 27, 0)


@dataclass(frozen=True, kw_only=True, slots=True)
class SqliteFault:
    """A fault, by the releases that have it."""

    name: str
    since: tuple[int, int, int]
    #: the first release of the main line without it
    fixed: tuple[int, int, int]
    #: later patches of older lines without it
    backports: tuple[tuple[int, int, int], ...]

    def concerns(self, version: tuple[int, int, int]) -> bool:
        """Whether that release has the fault."""
        patched = any(version[:2] == one[:2] and version >= one for one in self.backports)
        return self.since <= version < self.fixed and not patched


#: <https://www.sqlite.org/wal.html#walresetbug>: two connections that write or checkpoint at the same moment can
#: corrupt the file
WAL_RESET = SqliteFault(name="the WAL-reset bug", since=(3, 7, 0), fixed=(3, 51, 3), backports=((3, 44, 6), (3, 50, 7)))


def judged_sqlite(version: tuple[int, int, int]) -> Diagnosis:
    """The diagnosis of the SQLite library that this Python uses."""
    subject, shown = "sqlite", ".".join(map(str, version))
    if version < _OLDEST:
        return fail(subject, f"{shown} can't copy a ledger", "install a Python with SQLite 3.27 or newer")
    if WAL_RESET.concerns(version):
        return warn(
            subject,
            f"{shown} has {WAL_RESET.name}, which can damage a file that two programs write at once",
            "let only the coordinator write to the ledger, or use a Python with SQLite 3.44.6, 3.50.7, 3.51.3 or newer",
        )
    return ok(subject, f"{shown}, without a known fault that concerns a ledger")
