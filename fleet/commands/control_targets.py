"""What the commands of controls need of a farm: the book of its controls, the names of its parts, who asks."""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from config.settings import Settings
from fleet.control.known import Known
from fleet.domain.wall_clock import wall_ms
from fleet.ledger.controls import ControlBook, farm_key
from fleet.ledger.engine import open_beside, open_engine
from fleet.ledger.miner_names import stored_names
from fleet.ledger.places import SIMULATOR, ledger_to_read
from fleet.status.snapshot_file import read_snapshot
from fleet.status.standing import status_folder
from tasks.jobtypes import JOB_TYPES


@dataclass(frozen=True, kw_only=True, slots=True)
class Desk:
    """A farm whose controls are read or changed."""

    book: ControlBook
    known: Known
    #: whether a coordinator runs that follows a change at once
    runs: bool


def desk(settings: Settings, *, reads: bool = False) -> Desk:
    """The controls of the farm that reports read, to be changed unless it only `reads`.

    Raises LedgerError where the farm has no ledger yet.
    """
    place, last = ledger_to_read(settings), read_snapshot(status_folder(settings), wall_ms())
    engine = open_engine(place.url, read_only=True) if reads else open_beside(place.url)
    figures = {} if last is None else last.figures
    return Desk(
        book=ControlBook(engine, farm_key(place, _account(settings, figures))),
        known=known_targets(settings, stored_names(engine), figures),
        runs=last is not None and last.fresh,
    )


def known_targets(settings: Settings, names: Mapping[str, str], figures: Mapping[str, Any]) -> Known:
    """What there is: `names` maps miners' ids to their names in the ledger, `figures` are of the last snapshot."""
    tags = {miner.id.lower(): miner.tags for miner in settings.miner}
    miners = {name: tags.get(miner_id, ()) for miner_id, name in names.items()}
    miners |= {miner.name: miner.tags for miner in settings.miner if miner.name}
    return Known(
        miners=miners,
        hosts=[row["name"] for row in figures.get("hosts") or ()],
        job_types=JOB_TYPES,
        servers=[row["server"] for row in figures.get("servers") or ()] or [one.name for one in settings.servers],
        tags=[tag for miner in settings.miner for tag in miner.tags],
    )


def user_name() -> str:
    """The name of the user who runs this process, or its number where the system knows no name."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"user {os.getuid()}"


def _account(settings: Settings, figures: Mapping[str, Any]) -> str:
    """The name in the ledger of the farm's first server."""
    rows = figures.get("servers") or ()
    if rows:
        return str(rows[0]["account"])
    return settings.servers[0].ledger_name if settings.servers else SIMULATOR
