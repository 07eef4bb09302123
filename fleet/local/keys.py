"""The keys of a farm of `fleet up`: its worker signs results without a step of the operator's."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from config.settings import Settings
from fleet.errors import ServiceError
from fleet.hosts.host_keys import HostKeys
from fleet.hosts.key_file import OWN_WORKERS, FarmKeys
from fleet.hosts.secret_files import write_secret

#: the folder of the originals in the farm's folder, and the coordinator's file in it
_FOLDER, _FILE = "keys", "keys.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyVariables:
    """The variables by which processes get their keys; none where nothing is signed."""

    coordinator: dict[str, str] = field(default_factory=dict)
    worker: dict[str, str] = field(default_factory=dict, repr=False)


def own_keys(settings: Settings, folder: Path) -> KeyVariables:
    """The keys of the farm in `folder`, made at its first start. Those that the settings name come first.

    A farm on a Redis that the settings name signs nothing unless they name its keys, too: it may have workers elsewhere
    that have none. Raises ServiceError where keys can't be read or written.
    """
    named = settings.dispatch.keys_file
    if named is None and settings.redis_url is not None:
        return KeyVariables()
    file = named or folder / _FOLDER / _FILE
    if named is None:
        keys = HostKeys(folder / _FOLDER).farm_keys()
        write_secret(file, keys.encode())
    else:
        keys = _read(named)
    own = keys.worker_key(OWN_WORKERS)
    keeps = named is not None and settings.worker.key is not None
    return KeyVariables(
        coordinator={"FLEET_DISPATCH__KEYS_FILE": str(file)},
        worker={} if own is None or keeps else {"FLEET_WORKER__KEY": own.encode()},
    )


def _read(file: Path) -> FarmKeys:
    try:
        return FarmKeys.decode(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as exc:
        raise ServiceError(f"dispatch.keys_file {file} can't be used: {exc}") from exc
