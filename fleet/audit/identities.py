"""What shows that a host is the one that its record is about: its key, and the kind that its workers state. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tasks.host.host_names import host_of
from tasks.kinds import Kind


@dataclass(frozen=True, kw_only=True, slots=True)
class Identities:
    """The keys and kinds of all hosts, as of now."""

    #: the part of a worker's name after the @ → what it states of its host that decides on last bits
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    #: host → what shows its key without telling it; a host without a signing key is missing
    keys: Mapping[str, str] = field(default_factory=dict)

    def kind_of(self, worker: str) -> Kind:
        """What a worker states of its host; empty if it states nothing."""
        return self.kinds.get(worker.rpartition("@")[2], ())

    def key_of(self, host: str) -> str:
        """What shows a host's key; empty without one."""
        return self.keys.get(host, "")

    def kinds_by_host(self) -> Mapping[str, Sequence[Kind]]:
        """The kinds that each host's workers state; more than one while they are upgraded one by one."""
        stated: dict[str, list[Kind]] = {}
        for worker, kind in self.kinds.items():
            if kind:
                stated.setdefault(host_of(worker), []).append(kind)
        return stated
