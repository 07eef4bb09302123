"""The hardware that miners register: what the operator wrote, otherwise what the farm's hosts have.

Any host may compute a miner's jobs, so a miner has what the largest one has. No known server gives other jobs for it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from config.settings import Settings
from fleet.broker.worker_statements import seen_in_redis
from tasks.broker.stated_host import StatedHost
from tasks.host.hardware import detect
from tasks.host.host_names import host_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Declared:
    """Hardware that a server may be told of."""

    cpu_cores: int = 1
    #: MB; 0 without a GPU
    gpu_memory_mb: int = 0
    gpu_model: str = ""

    def but(self, cpu_cores: int | None, gpu_memory_mb: int | None, gpu_model: str | None) -> Declared:
        """The same with what the operator wrote; None where that leaves it as it is.

        A GPU whose memory alone is given is not one of the hosts', so it has no model of theirs.
        """
        own_gpu = gpu_memory_mb is None
        return Declared(
            cpu_cores=self.cpu_cores if cpu_cores is None else cpu_cores,
            gpu_memory_mb=self.gpu_memory_mb if gpu_memory_mb is None else gpu_memory_mb,
            gpu_model=gpu_model if gpu_model is not None else self.gpu_model if own_gpu else "",
        )


#: where no host was asked
NOTHING_KNOWN = Declared()


def largest(hosts: Iterable[StatedHost]) -> Declared | None:
    """The most cores, and the GPU with the most memory, that any of these hosts has; None without a host."""
    known = list(hosts)
    if not known:
        return None
    return _declared(max(host.cores for host in known), (gpu for host in known for gpu in host.gpus))


def altogether(stated: Mapping[str, StatedHost]) -> Declared | None:
    """The cores of all hosts, and the GPU with the most memory, from what each worker states; None without a worker."""
    hosts = {host_of(worker): host for worker, host in stated.items()}
    most = largest(hosts.values())
    return None if most is None else replace(most, cpu_cores=sum(host.cores for host in hosts.values()))


def largest_seen(redis_url: str) -> Declared | None:
    """What the largest host has of those whose workers take jobs now; None if there are none, or Redis is away."""
    found = seen_in_redis(redis_url)
    stated = (found.workers or {}).values() if found is not None else ()
    return largest(one.host for one in stated if one is not None and one.host is not None)


def of_hosts(redis_url: str) -> Declared:
    """What the largest host has of those whose workers take jobs now; of this machine if there are none yet."""
    return largest_seen(redis_url) or of_this_machine()


def of_this_machine() -> Declared:
    """What this machine has."""
    here = detect()
    return _declared(here.cpu_cores, ((gpu.model, gpu.memory_mb) for gpu in here.gpus))


def _declared(cpu_cores: int, gpus: Iterable[tuple[str, int]]) -> Declared:
    """These cores, and the largest of these GPUs, given by model and MB; one that states no memory is left out."""
    model, memory_mb = max(gpus, key=lambda gpu: gpu[1], default=("", 0))
    return Declared(cpu_cores=cpu_cores, gpu_memory_mb=memory_mb, gpu_model=model if memory_mb else "")


def claimed(settings: Settings) -> frozenset[tuple[int, int]]:
    """Cores and MB of GPU memory that the settings have miners register; 0 where they leave it to the hosts."""
    if settings.miner:
        return frozenset((miner.cpu_cores or 0, miner.gpu_memory_mb or 0) for miner in settings.miner)
    return frozenset({(settings.cpu or 0, settings.gpu_mem or 0)})


def overstated(claims: Collection[tuple[int, int]], has: Declared | None) -> str:
    """What is claimed beyond what the largest host has, in words; empty if nothing is, or no host is known."""
    if has is None or not claims:
        return ""
    cores, memory_mb = (max(one[part] for one in claims) for part in (0, 1))
    found = []
    if cores > has.cpu_cores:
        found.append(f"{cores} cores, and the largest host has {has.cpu_cores}")
    if memory_mb > has.gpu_memory_mb:
        own = f"the largest GPU of a host has {has.gpu_memory_mb:,} MB" if has.gpu_memory_mb else "no host has a GPU"
        found.append(f"a GPU of {memory_mb:,} MB, and {own}")
    return f"Miners register {'; '.join(found)}." if found else ""
