"""Describes the farm's hosts to a server once in a start, if the settings ask for it. Pure.

No release is known that has this call (docs/protocol-notes.md), so nothing depends on its answer, and it is never
repeated.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from fleet.coordinator.declared import altogether
from fleet.domain.jobs import MinerSpec
from fleet.miner.miner import Miner
from tasks.broker.stated_host import StatedHost


class Provider:
    """What one server is still to be told. `wanted` is whether the settings ask for it."""

    def __init__(self, *, wanted: bool) -> None:
        #: whether the hosts are still to be described
        self.due = wanted

    def description(self, miners: Iterable[Miner], stated: Mapping[str, StatedHost]) -> MinerSpec | None:
        """The first miner with a session, with what all hosts have; None while there is none, or no worker has stated.

        The workers' statements count, never what the settings have miners register. It is returned once.
        """
        spec, has = next((miner.spec for miner in miners if miner.in_session), None), altogether(stated)
        if not self.due or spec is None or has is None:
            return None
        self.due = False
        return replace(spec, cpu_cores=has.cpu_cores, gpu_memory_mb=has.gpu_memory_mb, gpu_model=has.gpu_model)


def in_words(spec: MinerSpec) -> str:
    """The hardware that a description states."""
    gpu = f"{spec.gpu_model or 'a GPU'} with {spec.gpu_memory_mb:,} MB" if spec.gpu_memory_mb else "no GPU"
    return f"{spec.cpu_cores} core{'' if spec.cpu_cores == 1 else 's'} and {gpu}"
