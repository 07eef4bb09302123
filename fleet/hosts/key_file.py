"""The keys of a farm as its coordinator reads them: one file, which `fleet setup` or `fleet up` writes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tasks.signing import KEY_BYTES, WorkerKey

#: the name under which the workers beside the coordinator have their key; no invited host can have it
OWN_WORKERS = "_workers"
#: seconds after an upgrade to signed results in which unsigned ones of the farm's own workers are accepted
UPGRADE_S = 86_400.0
_VERSION = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class FarmKeys:
    """What a coordinator signs jobs with, and checks results by."""

    #: makes the MAC of a job, which every worker checks
    job: bytes = field(repr=False)
    #: seals jobs; only the coordinator has it
    seal: bytes = field(repr=False)
    #: host → the key of its results; None for one that was invited before results were signed
    hosts: Mapping[str, bytes | None] = field(repr=False)
    #: Unix seconds until which results without a signature are accepted, as those of workers that are upgraded later
    accept_until: int = 0

    @property
    def keyless(self) -> bool:
        """Whether a host was invited before results were signed, and has not been invited again."""
        return None in self.hosts.values()

    def worker_key(self, host: str) -> WorkerKey | None:
        """What the workers of `host` need; None if it has no key."""
        key = self.hosts.get(host)
        return None if key is None else WorkerKey(host=host, job=self.job, result=key)

    def encode(self) -> str:
        """The text of the file."""
        hosts = {host: None if key is None else key.hex() for host, key in sorted(self.hosts.items())}
        fields = {"v": _VERSION, "job": self.job.hex(), "seal": self.seal.hex(), "accept_until": self.accept_until}
        return json.dumps(fields | {"hosts": hosts}) + "\n"

    @classmethod
    def decode(cls, text: str) -> FarmKeys:
        """The keys that `encode` wrote. Raises ValueError, which repeats no key."""
        try:
            fields = json.loads(text)
            hosts = {str(host): None if key is None else _key(key) for host, key in fields["hosts"].items()}
            version, job, seal = fields["v"], _key(fields["job"]), _key(fields["seal"])
            accept_until = int(fields.get("accept_until", 0))
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
            raise ValueError("it is not a file of keys that `fleet setup` wrote") from None
        if version != _VERSION:
            raise ValueError(f"its version is {version!r:.20}, this release reads {_VERSION}")
        return cls(job=job, seal=seal, hosts=hosts, accept_until=accept_until)


def _key(text: Any) -> bytes:
    key = bytes.fromhex(text)
    if len(key) != KEY_BYTES:
        raise ValueError("not a key")
    return key
