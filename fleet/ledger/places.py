"""Where a farm keeps its things."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from config.settings import Settings
from fleet.ledger.heads import HEADS_FILE

#: name of the simulator in a ledger
SIMULATOR = "simulator"
_FILE = "ledger.sqlite"
_SQLITE = "sqlite:///"


@dataclass(frozen=True, kw_only=True, slots=True)
class LedgerPlace:
    """A ledger to read."""

    #: SQLAlchemy's
    url: str
    #: whether its rewards are the simulator's
    simulated: bool

    @property
    def file(self) -> Path | None:
        """The file of a ledger in SQLite."""
        path = self.url.removeprefix(_SQLITE)
        return Path(path) if path not in {self.url, ""} and "?" not in path else None


def farm_dir(settings: Settings) -> Path:
    """The farm's folder: simulated rewards are kept apart from real ones."""
    return settings.state_dir / SIMULATOR if settings.simulated else settings.state_dir


def ledger_address(settings: Settings) -> str:
    """SQLAlchemy URL of the ledger that a coordinator with these settings writes."""
    if settings.ledger_url is not None:
        return settings.ledger_url.get_secret_value()
    return _sqlite(farm_dir(settings))


def heads_file(settings: Settings, place: LedgerPlace) -> Path:
    """Where the heads of a ledger are kept: beside its file, or in the farm's folder."""
    return (place.file.parent if place.file is not None else farm_dir(settings)) / HEADS_FILE


def ledger_to_read(settings: Settings) -> LedgerPlace:
    """The ledger that a report is about: with no server named the real one where there is one, else the simulator's.

    A `fleet up --server URL` leaves no setting behind, and nobody who mines for real wants simulated figures unasked.
    """
    real = settings.state_dir
    unnamed = settings.ledger_url is None and settings.simulated
    if unnamed and (real / _FILE).exists():
        return LedgerPlace(url=_sqlite(real), simulated=False)
    return LedgerPlace(url=ledger_address(settings), simulated=settings.simulated)


def _sqlite(folder: Path) -> str:
    return f"{_SQLITE}{folder / _FILE}"
