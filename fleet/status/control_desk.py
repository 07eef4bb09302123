"""Where a farm's controls are read and changed, by its commands or its API: their book, and what there is to steer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from config.settings import Settings
from fleet.control.control import ControlChange, TargetKind
from fleet.control.known import Known
from fleet.control.request import ControlRequest, Followed
from fleet.domain.wall_clock import wall_ms
from fleet.errors import ControlRefused
from fleet.ledger.controls import ControlBook, farm_key
from fleet.ledger.miner_names import stored_names
from fleet.ledger.storage.engine import open_beside, open_engine
from fleet.ledger.storage.places import SIMULATOR, LedgerPlace, ledger_to_read
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

    def close(self) -> None:
        """Close the connections to the ledger."""
        self.book.close()

    def order(self, request: ControlRequest) -> Followed:
        """Follow a request. Raises ControlRefused where it can't be, and LedgerBusy while the ledger is locked."""
        if request.change is not ControlChange.RESUME:
            # what a control is on may be gone by the time it is resumed
            self.known.check(request.target)
        drains_farm = request.change is ControlChange.DRAIN and request.target.kind is TargetKind.FARM
        if (drains_farm or request.change is ControlChange.RETRY) and not self.runs:
            raise ControlRefused(f"no coordinator runs, so there is nothing to {request.change.value}")
        return self.book.ask(request)


def desk(settings: Settings, *, reads: bool = False) -> Desk:
    """The controls of the farm that reports read, to be changed unless it only `reads`.

    Raises LedgerError where the farm has no ledger yet.
    """
    last = read_snapshot(status_folder(settings), wall_ms())
    figures = {} if last is None else last.figures
    return desk_at(settings, ledger_to_read(settings), figures, runs=last is not None and last.fresh, reads=reads)


def desk_at(
    settings: Settings, place: LedgerPlace, figures: Mapping[str, Any], *, runs: bool, reads: bool = False
) -> Desk:
    """The controls in a ledger; `figures` are of the farm's last snapshot, as `fleet.status.stated` has them."""
    engine = open_engine(place.url, read_only=True) if reads else open_beside(place.url)
    return Desk(
        book=ControlBook(engine, farm_key(place, _account(settings, figures))),
        known=known_targets(settings, stored_names(engine), figures),
        runs=runs,
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
        servers=[row["server"] for row in figures.get("servers") or ()] or _server_names(settings),
        tags=[tag for miner in settings.miner for tag in miner.tags],
    )


def _server_names(settings: Settings) -> list[str]:
    """The servers as a running farm calls them: the only one by its name in the ledger."""
    several = len(settings.servers) > 1
    return [one.name if several else one.ledger_name for one in settings.servers]


def _account(settings: Settings, figures: Mapping[str, Any]) -> str:
    """The name in the ledger of the farm's first server."""
    rows = figures.get("servers") or ()
    if rows:
        return str(rows[0]["account"])
    return settings.servers[0].ledger_name if settings.servers else SIMULATOR
