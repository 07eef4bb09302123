"""Which miners a server's farm gains, loses and changes when the settings are read again. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from config.hiding import shortened_id
from fleet.domain.jobs import MinerSpec


@dataclass(frozen=True, kw_only=True, slots=True)
class RosterChange:
    """The miners of one server that differ. All others stay as they are, with their sessions."""

    added: tuple[MinerSpec, ...] = ()
    #: ids of those that the settings no longer name: they finish their jobs and stop their sessions
    removed: tuple[str, ...] = ()
    #: those that register with other hardware, in a new session
    respecified: tuple[MinerSpec, ...] = ()
    #: those that only have another name
    renamed: tuple[MinerSpec, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.respecified or self.renamed)


def roster_change(present: Mapping[str, MinerSpec], wanted: Sequence[MinerSpec]) -> RosterChange:
    """What has to change so that the `present` miners, by id, become the `wanted` ones."""
    ids = {spec.miner_id for spec in wanted}
    both = [spec for spec in wanted if spec.miner_id in present and present[spec.miner_id] != spec]
    renamed = tuple(spec for spec in both if replace(present[spec.miner_id], name=spec.name) == spec)
    return RosterChange(
        added=tuple(spec for spec in wanted if spec.miner_id not in present),
        removed=tuple(miner_id for miner_id in present if miner_id not in ids),
        respecified=tuple(spec for spec in both if spec not in renamed),
        renamed=renamed,
    )


def words(change: RosterChange, names: Mapping[str, str]) -> list[str]:
    """A line for each kind of change, with miners by their names; `names` maps ids to them."""
    shown = {
        "added": [_shown(spec, names) for spec in change.added],
        "removed": [names[miner_id] for miner_id in change.removed],
        "changed, in a new session": [_shown(spec, names) for spec in change.respecified],
        "renamed": [f"{names[spec.miner_id]} → {_shown(spec, {})}" for spec in change.renamed],
    }
    return [f"{_count(found)} {what}: {_list(found)}" for what, found in shown.items() if found]


def _shown(spec: MinerSpec, names: Mapping[str, str]) -> str:
    return spec.name or names.get(spec.miner_id) or shortened_id(spec.miner_id)


def _count(found: Sequence[str]) -> str:
    return f"{len(found)} miner{'' if len(found) == 1 else 's'}"


def _list(found: Iterable[str]) -> str:
    several = list(found)
    more = f" and {len(several) - 5} more" if len(several) > 5 else ""
    return ", ".join(several[:5]) + more
