"""A transport by each engine, for tests that hold for both."""

from __future__ import annotations

from typing import Any

from fleet.server.http.choice import EngineName
from fleet.server.http.interface import Options
from fleet.server.http.opening import open_transport
from fleet.server.http.transport import Transport

ENGINES: tuple[EngineName, ...] = ("requests", "curl")


def transport_by(engine: EngineName, **options: Any) -> Transport:
    """A transport by this engine, with default options except for those that are given."""
    return open_transport(engine, Options(**options))
