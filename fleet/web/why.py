"""Why a miner or a host does not earn more, as `fleet explain` says it. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from fleet.health.reasons import Hindrance, LostToday, reasons
from fleet.health.symptom import host_subject, miner_subject
from fleet.status.snapshot import FarmSnapshot, MinerFigures
from fleet.status.stated import head_stated, miner_stated


def why_miner(farm: FarmSnapshot, row: MinerFigures, lost: Iterable[LostToday]) -> tuple[Hindrance, ...]:
    """The reasons for a miner, the most costly first; `lost` is what the farm lost in the last day."""
    return _why(farm, miner_subject(row.name), [row], lost)


def why_host(farm: FarmSnapshot, name: str) -> tuple[Hindrance, ...]:
    """The reasons for a host, the most costly first. Losses are not kept by host."""
    return _why(farm, host_subject(name), [], ())


def _why(
    farm: FarmSnapshot, subject: str, miners: Iterable[MinerFigures], lost: Iterable[LostToday]
) -> tuple[Hindrance, ...]:
    figures = head_stated(farm) | {"miners": [miner_stated(row) for row in miners]}
    return reasons(subject, figures, lost, runs=farm.state != "ended")
