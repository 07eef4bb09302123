"""Removes what only the coordinator may know from the environment of a farm's other processes."""

from __future__ import annotations

from collections.abc import Mapping

#: settings by which miners are named, and secrets that nobody but the coordinator uses
_COORDINATORS = (
    "FLEET_ID",
    "FLEET_MINER",
    "FLEET_MINER_PREFIX",
    "FLEET_MINERS",
    "FLEET_LEDGER_URL",
    "FLEET_HTTP__PROXY",
    "FLEET_WEB__BASIC_AUTH",
    "FLEET_WEB__METRICS_TOKEN",
    "FLEET_ALERTS__URLS",
)
#: the start of variables inside such a setting
_INSIDE = "FLEET_MINER__"


def handed_on(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that a worker, Flower or a simulator gets: all but the coordinator's own, spelt in any case."""
    return {
        name: value
        for name, value in environ.items()
        if name.upper() not in _COORDINATORS and not name.upper().startswith(_INSIDE)
    }
