"""The processes that a worker starts, as cores, memory and open files allow, and those of them that may use a GPU."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tasks.errors import TooFewFilesError
from tasks.host.open_files import needed, processes_within

#: memory in MB used before the first job: by the main process with its libraries, and by each other process
_LEAST_MB = (76, 40)
#: the same after jobs of every type were computed
_WELL_MB = (96, 64)
#: memory in MB that a process with a GPU is taken to need besides: of its host, for CUDA's libraries, and of the GPU,
#: for its context and its arrays. Assumed, not measured.
GPU_HOST_MB, GPU_MB = 1024, 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class PoolSize:
    """A number of processes and the reason for it."""

    processes: int
    #: why it is less than requested or than the number of cores, or a warning; empty where all is well
    note: str = ""


def pool_size(*, asked: int | None, cores: int, memory_mb: int, open_files: int) -> PoolSize:
    """Decide how many processes to start.

    `memory_mb` is 0 where unknown. Raises TooFewFilesError when the requested number needs more open files than the
    limit allows, or when the limit is too low for even one process.
    """
    wanted = asked or cores
    if needed(wanted) > open_files and (asked is not None or processes_within(open_files) < 1):
        raise TooFewFilesError(
            f"{wanted} processes need {needed(wanted)} open files, and {open_files} are allowed: "
            f"raise the limit (ulimit -Hn, LimitNOFILE=), or set FLEET_WORKER__CONCURRENCY to "
            f"{max(1, processes_within(open_files))} or less"
        )
    held, well = _processes_in(memory_mb, _LEAST_MB, wanted), _processes_in(memory_mb, _WELL_MB, wanted)
    if asked is not None:
        return _as_asked(asked, held=held, well=well, memory_mb=memory_mb)
    processes = min(well, processes_within(open_files))
    if processes == wanted:
        return PoolSize(processes=wanted)
    bound = f"{memory_mb} MB of memory" if well <= processes else f"{open_files} open files"
    return PoolSize(processes=processes, note=f"{processes} of {cores} cores are used, as {bound} are granted")


def gpu_places(*, processes: int, memory_mb: int, gpu_mb: Sequence[int]) -> tuple[int, ...]:
    """The processes that may use a GPU: for each of them, the number of its GPU.

    They use memory that the pool leaves, so that a GPU costs no process. The processes are spread over the GPUs.

    Parameters:
        processes: number of processes in the pool.
        memory_mb: memory that the host grants; 0 where unknown.
        gpu_mb: memory of each GPU.
    """
    main_mb, each_mb = _WELL_MB
    spare_mb = memory_mb - main_mb - each_mb * processes
    most = min(processes, max(0, spare_mb // GPU_HOST_MB)) if memory_mb else processes
    rounds = range(1, min(max(gpu_mb, default=0) // GPU_MB, processes) + 1)
    places = [number for taken in rounds for number, size in enumerate(gpu_mb) if size >= taken * GPU_MB]
    return tuple(places[:most])


def _as_asked(asked: int, *, held: int, well: int, memory_mb: int) -> PoolSize:
    """The requested number, or as many of them as fit into memory at all."""
    if held < asked:
        return PoolSize(
            processes=held, note=f"{held} of {asked} processes are started, as {memory_mb} MB of memory are granted"
        )
    if well < asked:
        main_mb, each_mb = _WELL_MB
        need = f"{asked} processes may need {main_mb + each_mb * asked} MB, and {memory_mb} MB are granted"
        return PoolSize(
            processes=asked, note=f"{need}: fewer of them, or more memory, keeps the system from killing some"
        )
    return PoolSize(processes=asked)


def _processes_in(memory_mb: int, sizes: tuple[int, int], wanted: int) -> int:
    """How many of the wanted processes fit into memory: at least one, and all where the memory is unknown."""
    main_mb, each_mb = sizes
    return min(wanted, max(1, (memory_mb - main_mb) // each_mb)) if memory_mb else wanted
