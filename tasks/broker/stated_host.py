"""What a worker states in Redis of the host that it runs on: what it may use of it, and what decides on last bits."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from tasks.jobtypes import CLASSES, LEVELS
from tasks.kinds import gpu_of

#: bounds of what is believed
_MOST_CORES, _MOST_MB, _MOST_GPUS, _MOST_TEXT = 65_536, 2**40, 16, 80


@dataclass(frozen=True, kw_only=True, slots=True)
class StatedHost:
    """One host. Any worker can state any host, so but for a signed kind it serves display and warnings only."""

    #: cores and memory in MB that its control group grants; 0 MB where unknown
    cores: int
    memory_mb: int
    #: model and memory in MB of each GPU
    gpus: tuple[tuple[str, int], ...] = ()
    #: the processor's name, and what two hosts must have in common to compute the same digests
    processor: str = ""
    kind: tuple[str, ...] = ()
    #: percent of its cores that the worker uses at most; None without such a limit, and from an earlier release
    cpu_percent: float | None = None
    #: level of the highest class whose queue its worker takes jobs from; the first from an earlier release
    level: int = 1
    #: the host whose key signed the kind, and the signature; empty where a worker has no key, and from earlier releases
    signer: str = ""
    kind_sig: str = ""

    @property
    def device(self) -> str:
        """What computes its jobs: `cpu`, or `gpu` where one computes those at which it is quicker."""
        return "gpu" if gpu_of(self.kind) else "cpu"

    def shown(self) -> dict[str, object]:
        """What people read of it in Flower, by name."""
        return {
            "cores": self.cores,
            "memory_mb": self.memory_mb,
            "gpus": [f"{model} {memory_mb} MB" for model, memory_mb in self.gpus],
            "processor": self.processor,
            "kind": " ".join(self.kind),
            "class": CLASSES[self.level - 1].name,
        }

    def fields(self) -> dict[str, Any]:
        """The fields of its JSON."""
        return asdict(self)


def parse_host(fields: object) -> StatedHost | None:
    """The host that `fields` made; None for anything else."""
    if not isinstance(fields, dict):
        return None
    cores, memory_mb = fields.get("cores"), fields.get("memory_mb")
    if type(cores) is not int or type(memory_mb) is not int:
        return None
    if not (0 < cores <= _MOST_CORES and 0 <= memory_mb <= _MOST_MB):
        return None
    gpus, kind, processor = fields.get("gpus"), fields.get("kind"), fields.get("processor")
    if not (isinstance(gpus, list) and isinstance(kind, list) and isinstance(processor, str)):
        return None
    if len(gpus) > _MOST_GPUS or len(kind) > _MOST_GPUS or not all(isinstance(word, str) for word in kind):
        return None
    if not all(_is_gpu(gpu) for gpu in gpus):
        return None
    return StatedHost(
        cores=cores,
        memory_mb=memory_mb,
        gpus=tuple((model[:_MOST_TEXT], memory) for model, memory in gpus),
        processor=processor[:_MOST_TEXT],
        kind=tuple(word[:_MOST_TEXT] for word in kind),
        cpu_percent=_percent(fields.get("cpu_percent")),
        level=_level(fields.get("level")),
        signer=_text(fields.get("signer")),
        kind_sig=_text(fields.get("kind_sig")),
    )


def _text(value: object) -> str:
    return value[:_MOST_TEXT] if isinstance(value, str) else ""


def _is_gpu(value: object) -> bool:
    if not isinstance(value, list) or len(value) != 2:
        return False
    model, memory_mb = value
    return isinstance(model, str) and type(memory_mb) is int and 0 <= memory_mb <= _MOST_MB


def _level(value: object) -> int:
    """The level, of the classes that this release knows."""
    return min(max(value, LEVELS[0]), LEVELS[-1]) if type(value) is int else LEVELS[0]


def _percent(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 < value <= 100 else None
