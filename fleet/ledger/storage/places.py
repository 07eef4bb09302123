"""The paths of a farm's ledger, its heads and its other files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from config.settings import Settings
from fleet.ledger.proof.heads import HEADS_FILE

#: the simulator's server name in a ledger
SIMULATOR = "simulator"
_FILE = "ledger.sqlite"
_SQLITE = "sqlite:///"


@dataclass(frozen=True, kw_only=True, slots=True)
class LedgerPlace:
    """The location of a ledger to read."""

    #: SQLAlchemy URL
    url: str
    #: whether its rewards come from the simulator
    simulated: bool

    @property
    def file(self) -> Path | None:
        """The file of a SQLite ledger; None for another database."""
        path = self.url.removeprefix(_SQLITE)
        return Path(path) if path not in {self.url, ""} and "?" not in path else None


def farm_dir(settings: Settings) -> Path:
    """The farm's folder. Simulated rewards have a separate one."""
    return settings.state_dir / SIMULATOR if settings.simulated else settings.state_dir


def ledger_address(settings: Settings) -> str:
    """The SQLAlchemy URL of the ledger that a coordinator with these settings writes."""
    if settings.ledger_url is not None:
        return settings.ledger_url.get_secret_value()
    return _sqlite(farm_dir(settings))


def heads_file(settings: Settings, place: LedgerPlace) -> Path:
    """The file that keeps a ledger's heads: beside the ledger's file, or in the farm's folder."""
    return (place.file.parent if place.file is not None else farm_dir(settings)) / HEADS_FILE


def ledger_to_read(settings: Settings) -> LedgerPlace:
    """The ledger that a report reads. With no server set, this is the real one if it exists, else the simulator's.

    `fleet up --server URL` leaves no setting behind, and a user who mines for real money must not see simulated figures
    by default, not even when the real ledger is gone: the heads that were kept of it stand for it then.
    """
    real = settings.state_dir
    unnamed = settings.ledger_url is None and settings.simulated
    if unnamed and any((real / name).exists() for name in (_FILE, HEADS_FILE)):
        return LedgerPlace(url=_sqlite(real), simulated=False)
    return LedgerPlace(url=ledger_address(settings), simulated=settings.simulated)


def log_bytes(file: Path) -> int:
    """Size in bytes of the write-ahead log beside a file; 0 where there is none."""
    try:
        return file.with_name(f"{file.name}-wal").stat().st_size
    except OSError:
        return 0


def _sqlite(folder: Path) -> str:
    return f"{_SQLITE}{folder / _FILE}"
