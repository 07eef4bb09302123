"""What exists in a farm. A control of anything else is refused, and the refusal lists what there is."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from fleet.control.control import Target, TargetKind
from fleet.errors import ControlRefused

#: how many names are listed at most
_LISTED = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """The names of a farm's parts."""

    #: miner's name → its tags
    miners: Mapping[str, tuple[str, ...]]
    hosts: Iterable[str] = ()
    job_types: Iterable[str] = ()
    servers: Iterable[str] = ()
    #: tags of miners that were not opened yet
    tags: Iterable[str] = field(default=())

    def names(self, kind: TargetKind) -> list[str]:
        """All names of a kind, in order."""
        tags = {*self.tags, *(tag for tags in self.miners.values() for tag in tags)}
        return sorted(
            {
                TargetKind.FARM: (),
                TargetKind.SERVER: self.servers,
                TargetKind.TAG: tags,
                TargetKind.MINER: self.miners,
                TargetKind.HOST: self.hosts,
                TargetKind.JOB_TYPE: self.job_types,
            }[kind]
        )

    def check(self, target: Target) -> None:
        """Raise ControlRefused for a target that does not exist, with what there is."""
        if target.kind is TargetKind.FARM:
            return
        names = self.names(target.kind)
        if target.name not in names:
            raise ControlRefused(_missing(target, names))


def _missing(target: Target, names: list[str]) -> str:
    what = "job type" if target.kind is TargetKind.JOB_TYPE else target.kind.value
    if target.kind is TargetKind.TAG:
        words = f"no miner has the tag {target.name!r:.80}"
        none = "no miner has any; give a [[miner]] table tags"
    else:
        words, none = f"the farm has no {what} {target.name!r:.80}", "it knows none yet"
    by_lower = {name.lower(): name for name in names}
    near = difflib.get_close_matches(target.name.lower(), by_lower, n=1)
    meant = f"; did you mean {by_lower[near[0]]!r}?" if near else ""
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    there = f"there {'is' if len(names) == 1 else 'are'} {', '.join(names[:_LISTED])}{more}" if names else none
    return f"{words}: {there}{meant}"
