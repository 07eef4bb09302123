"""The hardware that miners register, compared with what the farm's hosts have."""

from __future__ import annotations

from collections.abc import Iterator

from config.settings import Settings
from fleet.coordinator.declared import claimed, largest_seen, overstated
from fleet.doctor.diagnosis import Diagnosis, not_checked, ok, warn

_SUBJECT = "declared hardware"


def declared_diagnoses(settings: Settings, redis_url: str | None) -> Iterator[Diagnosis]:
    """Whether the settings have miners register no more than the workers state of their hosts; None without a Redis."""
    has = None if redis_url is None else largest_seen(redis_url)
    if has is None:
        yield not_checked(_SUBJECT, "no worker states what its host has")
    elif wrong := overstated(claimed(settings), has):
        advice = "remove cpu, gpu_mem and gpu_model, and those of [[miner]], so that miners register what hosts have"
        yield warn(_SUBJECT, wrong.rstrip("."), advice)
    else:
        gpu = f"a GPU of {has.gpu_memory_mb:,} MB" if has.gpu_memory_mb else "no GPU"
        yield ok(_SUBJECT, f"no more than the hosts have: {has.cpu_cores} cores and {gpu} at most")
