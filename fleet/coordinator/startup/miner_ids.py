"""The farm's miners: listed in the settings, or numbered with ids that are generated once and kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from config.hiding import shortened_id
from config.server_tables import ServerSettings, shares
from config.settings import Settings
from fleet.coordinator.declared import NOTHING_KNOWN, Declared
from fleet.domain.jobs import MinerSpec
from fleet.domain.miner_names import is_address, new_address
from fleet.errors import ServiceError
from fleet.hosts.secret_files import write_secret

#: one id a line; the first belongs to the first miner
_IDS = "miner-ids"
#: the common prefix of the ids of an older farm, whose ids are no addresses
_PREFIX = "miner-prefix"


def miner_specs(
    settings: Settings, state_dir: Path, server: ServerSettings | None = None, *, has: Declared = NOTHING_KNOWN
) -> list[MinerSpec]:
    """The farm's miners at a server, the only one if None, with ids in lower case as the server keeps them.

    `has` is the hardware that they register where the settings name none.

    Ids that the settings don't give are new wallets, kept in `state_dir` so that the next start uses the same ones.
    Each of several servers has its own; the first one takes those of a farm that had one server before. Raises
    ServiceError when they can't be read or saved.
    """
    several = settings.servers if server is not None and len(settings.servers) > 1 else ()
    if settings.miner:
        return [
            _spec(miner.id, miner.name or "", has.but(miner.cpu_cores, miner.gpu_memory_mb, miner.gpu_model))
            for miner in settings.miner
            if server is None or not several or miner.server == server.name
        ]
    alike = has.but(settings.cpu, settings.gpu_mem, settings.gpu_model)
    if settings.id is not None:
        return [_spec(settings.id, "", alike)]
    # ids must not depend on the number of miners, so that a growing farm keeps its miners
    numbers = range(1, settings.miner_count + 1)
    if settings.miner_prefix:
        return [_spec(f"{settings.miner_prefix}{number:02d}", "", alike) for number in numbers]
    if server is not None and several:
        place = several.index(server)
        count = settings.most_miners if settings.auto else shares(several, int(settings.miners or 1))[place]
        ids = _remembered(state_dir, count, f"{_IDS}.{server.name}", inherits=place == 0)
        return [_spec(one, f"{server.name}-{number:02d}", alike) for number, one in enumerate(ids, 1)]
    ids = _remembered(state_dir, settings.miner_count)
    return [_spec(ids[number - 1], f"miner-{number:02d}", alike) for number in numbers]


def without_address(specs: Sequence[MinerSpec], state_dir: Path) -> str:
    """A warning about miners whose ids are no addresses, so that their earnings can't be spent; empty without any."""
    found = [spec for spec in specs if not is_address(spec.miner_id)]
    if not found:
        return ""
    some = ", ".join(spec.name or shortened_id(spec.miner_id) for spec in found[:3])
    others = f" and {len(found) - 3} more" if len(found) > 3 else ""
    known = state_dir / _PREFIX
    remedy = f"remove {known}" if known.exists() else "name other ids, or none"
    return (
        f"{some}{others}: the id is not a NeoNet address (neo1 and 6 or more letters and digits, or 0x and 40 hex "
        f"digits), so the server's ordinary call can't spend what it earns; to get ids that are, {remedy}"
    )


def _spec(miner_id: str, name: str, has: Declared) -> MinerSpec:
    return MinerSpec(
        miner_id=miner_id.lower(),
        name=name,
        cpu_cores=has.cpu_cores,
        gpu_memory_mb=has.gpu_memory_mb,
        gpu_model=has.gpu_model,
    )


def _remembered(state_dir: Path, count: int, name: str = _IDS, *, inherits: bool = True) -> list[str]:
    """The first `count` ids in the file `name`; missing ones are generated and saved before anything is earned.

    If it `inherits`, those of a farm with one server come first.
    """
    path, prefix = state_dir / name, state_dir / _PREFIX
    if inherits and not path.exists():
        path = state_dir / _IDS
    try:
        if prefix.exists() and inherits:
            start = prefix.read_text().strip()
            return [f"{start}{number:02d}" for number in range(1, count + 1)]
        ids = path.read_text().split() if path.exists() else []
    except (OSError, UnicodeDecodeError) as exc:
        raise ServiceError(f"{path}: can't read the miners' ids: {exc}; restore the file from a backup") from exc
    broken = next((number for number, one in enumerate(ids, 1) if not is_address(one)), None)
    if broken is not None:
        raise ServiceError(f"{path}: line {broken} is not an address; restore the file from a backup")
    path, moved = state_dir / name, path.name != name
    if len(ids) < count or moved:
        ids += [new_address() for _ in range(count - len(ids))]
        try:
            write_secret(path, "".join(f"{one}\n" for one in ids))
        except ServiceError as exc:
            raise ServiceError(f"{exc}; give the miners' ids, or choose another folder with FLEET_STATE_DIR") from exc
    return ids[:count]
