"""How many processes a worker starts: what was asked for, or what cores, memory and open files allow."""

from __future__ import annotations

from dataclasses import dataclass

from tasks.errors import TooFewFilesError
from tasks.open_files import needed, processes_within

#: MB of the main process with its libraries, which the others share
_MAIN_MB = 96
#: MB of a process's own once it has computed jobs of every type
_EACH_MB = 64


@dataclass(frozen=True, kw_only=True, slots=True)
class PoolSize:
    """A decision."""

    processes: int
    #: why it is fewer than the cores, or more than the memory holds; empty where there is nothing to say
    note: str = ""


def pool_size(*, asked: int | None, cores: int, memory_mb: int, open_files: int) -> PoolSize:
    """Decide how many processes are started.

    `memory_mb` is 0 where nobody can tell. Raises TooFewFilesError when what was asked for needs more open files than
    there may be, or when not even one process can have them.
    """
    wanted = asked or cores
    if needed(wanted) > open_files and (asked is not None or processes_within(open_files) < 1):
        raise TooFewFilesError(
            f"{wanted} processes need {needed(wanted)} open files, and {open_files} are allowed: "
            f"raise the limit (ulimit -Hn, LimitNOFILE=), or set FLEET_WORKER__CONCURRENCY to "
            f"{max(1, processes_within(open_files))} or less"
        )
    fit = max(1, (memory_mb - _MAIN_MB) // _EACH_MB) if memory_mb else wanted
    need_mb = _MAIN_MB + _EACH_MB * wanted
    if asked is not None:
        short = 0 < memory_mb < need_mb
        note = (
            f"{asked} processes may need {need_mb} MB, and {memory_mb} MB are granted: fewer of them," if short else ""
        )
        return PoolSize(
            processes=asked, note=f"{note} or more memory, keeps the system from killing some" if short else ""
        )
    processes = min(wanted, fit, processes_within(open_files))
    if processes == wanted:
        return PoolSize(processes=wanted)
    bound = f"{memory_mb} MB of memory" if fit <= processes else f"{open_files} open files"
    return PoolSize(processes=processes, note=f"{processes} of {cores} cores are used, as {bound} are granted")
