"""The settings that this host's workers start with: from an invitation, a unit's file, or the usual places."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from config.load import Reading, read
from config.settings import ENV_PREFIX
from fleet.doctor.units import Unit, unit_folders, units

#: the folder in the state folder that keeps what an invitation gave
JOIN = "join"
_URL_FILE = "FLEET_REDIS_URL"


@dataclass(frozen=True, kw_only=True, slots=True)
class Host:
    """A worker host."""

    reading: Reading
    #: the folder of a used invitation; None where none was used
    joined: Path | None
    #: the farm's systemd units on this machine
    units: tuple[Unit, ...]


def read_host(folders: Sequence[Path] | None = None) -> Host:
    """This host. `folders` are those of systemd's units. Raises ConfigError for wrong settings."""
    found = tuple(units(unit_folders() if folders is None else folders))
    reading = read()
    joined = joined_folder(reading.settings.state_dir, found)
    if joined is not None:
        reading = read(environ=os.environ | {f"{ENV_PREFIX}SECRETS_DIR": str(joined)})
    elif reading.settings.redis_url is None:
        file = next((one.env_file for one in found if one.part == "worker" and _readable(one.env_file)), None)
        reading = reading if file is None else read(env_file=file)
    return Host(reading=reading, joined=joined, units=found)


def joined_folder(state_dir: Path, found: Sequence[Unit]) -> Path | None:
    """The folder that keeps a used invitation: of this user, or of a unit. None where no invitation was used."""
    places = (state_dir, *(one.state_dir for one in found if one.state_dir is not None and one.part == JOIN))
    return next((place / JOIN for place in places if _readable(place / JOIN / _URL_FILE)), None)


def _readable(file: Path | None) -> bool:
    return file is not None and os.access(file, os.R_OK)
