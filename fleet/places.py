"""Where a farm keeps its things."""

from __future__ import annotations

from pathlib import Path

from config.settings import Settings

#: name of the simulator in a ledger
SIMULATOR = "simulator"


def farm_dir(settings: Settings) -> Path:
    """The farm's folder: simulated rewards are kept apart from real ones."""
    return settings.state_dir / SIMULATOR if settings.simulated else settings.state_dir


def ledger_address(settings: Settings) -> str:
    """SQLAlchemy URL of the farm's ledger."""
    if settings.ledger_url is not None:
        return settings.ledger_url.get_secret_value()
    return f"sqlite:///{farm_dir(settings) / 'ledger.sqlite'}"
