"""The farm's miners: named in the settings, or numbered under an id prefix that is generated once and remembered."""

from __future__ import annotations

import secrets
from pathlib import Path

from config.settings import Settings
from fleet.domain.jobs import MinerSpec
from fleet.errors import ServiceError

_REMEMBERED = "miner-prefix"


def miner_specs(settings: Settings, state_dir: Path) -> list[MinerSpec]:
    """The farm's miners, with ids in lower case as the server keeps them.

    Ids that the settings don't name start with a generated prefix, kept in `state_dir` so that the next start earns for
    the same miners. Raises ServiceError when it can't be saved.
    """
    if settings.miner:
        return [
            MinerSpec(
                miner_id=miner.id.lower(),
                cpu_cores=miner.cpu_cores,
                gpu_memory_mb=miner.gpu_memory_mb,
                gpu_model=miner.gpu_model,
            )
            for miner in settings.miner
        ]
    if settings.id is not None:
        return [_counted(settings, settings.id)]
    prefix = settings.miner_prefix or _remembered(state_dir)
    # ids must not depend on the number of miners, so that a growing farm keeps its miners
    return [_counted(settings, f"{prefix}{number:02d}") for number in range(1, settings.miner_count + 1)]


def _counted(settings: Settings, miner_id: str) -> MinerSpec:
    return MinerSpec(
        miner_id=miner_id.lower(),
        cpu_cores=settings.cpu,
        gpu_memory_mb=settings.gpu_mem,
        gpu_model=settings.gpu_model,
    )


def _remembered(state_dir: Path) -> str:
    path = state_dir / _REMEMBERED
    try:
        if path.exists():
            return path.read_text().strip()
        prefix = f"miner-{secrets.token_hex(4)}-"
        state_dir.mkdir(parents=True, exist_ok=True)
        path.write_text(prefix + "\n")
    except OSError as exc:
        raise ServiceError(f"{path}: {exc.strerror}; name the miners, or choose a folder by FLEET_STATE_DIR") from exc
    return prefix
