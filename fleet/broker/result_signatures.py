"""Finds out which host signed a result, and counts by host the results that were not signed, or by another host."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from fleet.hosts.key_file import OWN_WORKERS, UPGRADE_S, FarmKeys
from tasks.broker.stated_host import StatedHost
from tasks.errors import SignatureError
from tasks.host.host_names import host_of
from tasks.messages import ResultMessage
from tasks.signing import SIGNATURE_FIELD, SIGNED_FIELDS, equal, job_seal, kind_signature, result_signature
from tasks.text import sanitized

#: most hosts without a key that are counted one by one, since a result can name any
_MOST_NAMED = 64
OTHER_HOSTS = "other"
_MOST_CHARS = 128
_FOREIGN = "is for a job that this coordinator did not send in this form"
_NAMES = tuple(name.encode() for name in SIGNED_FIELDS)
_SIGNATURE = SIGNATURE_FIELD.encode()
_log = logging.getLogger(__name__)

Policy = Literal["auto", "accept", "refuse"]


@dataclass(frozen=True, kw_only=True, slots=True)
class SignatureCounts:
    """Results that name one host, since the coordinator's start."""

    #: dropped, since the signature was wrong
    wrong: int = 0
    #: dropped, since the host was given a job that the coordinator did not send, or made it up
    foreign: int = 0
    #: dropped, since there was none
    unsigned: int = 0
    #: accepted without a signature, by `dispatch.unsigned`
    accepted: int = 0


class ResultSignatures:
    """Says which host signed a result. One thread asks; any thread may read the counts."""

    def __init__(self, keys: Callable[[], FarmKeys], policy: Policy, clock: Callable[[], float] = time.time) -> None:
        """`clock` gives Unix seconds."""
        self._keys, self._policy, self._clock = keys, policy, clock
        self._counts: dict[str, SignatureCounts] = {}

    @property
    def counts(self) -> dict[str, SignatureCounts]:
        """The counts now, by the host that a result names; a host whose results were all signed is missing."""
        return dict(self._counts)

    def signer(self, fields: Mapping[bytes, bytes]) -> str:
        """The host that signed these fields of a stream entry, empty if nobody did and that is accepted.

        Raises SignatureError, after it was counted, for a result that must be dropped.
        """
        keys = self._keys()
        if _SIGNATURE not in fields:
            self._unsigned(keys, _named(fields))
            return ""
        host = fields.get(b"host", b"")[:_MOST_CHARS].decode(errors="replace")
        flaw = _flaw(keys, host, fields)
        foreign = not flaw and not _sealed(keys, fields)
        if flaw or foreign:
            host = sanitized(host)
            name = self._counted(host, keys)
            counts = self._of(name)
            self._counts[name] = replace(counts, wrong=counts.wrong + (not foreign), foreign=counts.foreign + foreign)
            raise SignatureError(f"a result that names host {host or '?'} {flaw or _FOREIGN}")
        return host

    def knows_kind(self, worker: str, host: StatedHost) -> bool:
        """Whether the kind that a worker of this name states is signed with its host's own key. Any thread may ask.

        Otherwise whoever stole a password could state one kind for unlike hosts, whose right results would then count
        as wrong.
        """
        keys = self._keys()
        key, name = keys.hosts.get(host.signer), host_of(worker)
        if key is None or (name != host.signer and (host.signer != OWN_WORKERS or name in keys.hosts)):
            return False
        return equal(host.kind_sig, kind_signature(key, worker, host.kind))

    def _unsigned(self, keys: FarmKeys, host: str) -> None:
        name = self._counted(host, keys)
        counts = self._of(name)
        # an end that is further away comes from a wrong clock, this one or the one that wrote it
        upgrades = 0 < keys.accept_until - self._clock() <= UPGRADE_S
        accepts = self._policy == "accept" or (self._policy == "auto" and (keys.keyless or upgrades))
        if not accepts or keys.hosts.get(host) is not None:
            self._counts[name] = replace(counts, unsigned=counts.unsigned + 1)
            raise SignatureError(f"a result that names host {host} has no signature")
        if not counts.accepted:
            _log.warning("results of host %s have no signature: invite it again, so that it gets a key", name)
        self._counts[name] = replace(counts, accepted=counts.accepted + 1)

    def _of(self, name: str) -> SignatureCounts:
        return self._counts.get(name, SignatureCounts())

    def _counted(self, host: str, keys: FarmKeys) -> str:
        """The name that a host is counted under."""
        if host in keys.hosts or host in self._counts:
            return host
        return host if len(self._counts.keys() - keys.hosts.keys()) < _MOST_NAMED else OTHER_HOSTS


def _flaw(keys: FarmKeys, host: str, fields: Mapping[bytes, bytes]) -> str:
    """Why a signed result must be dropped; empty if it is well signed."""
    key = keys.hosts.get(host)
    if key is None:
        return "is signed, but that host has no key: it was dismissed, or never invited"
    values = [fields.get(name, b"") for name in _NAMES]
    if not equal(fields[_SIGNATURE], result_signature(key, values)):
        return "has a wrong signature"
    claimed = _named(fields)
    if claimed != host and keys.hosts.get(claimed) is not None:
        return f"comes from a worker that is named after host {claimed}"
    return ""


def _sealed(keys: FarmKeys, fields: Mapping[bytes, bytes]) -> bool:
    """Whether the coordinator sent the job of a result, in the form in which the worker got it."""
    seal = job_seal(keys.seal, fields.get(b"task", b""), fields.get(b"mac", b""))
    return equal(fields.get(b"seal", b""), seal)


def _named(fields: Mapping[bytes, bytes]) -> str:
    """The host that an entry's worker states, as whoever reads the result takes it: cut after characters, not bytes."""
    return host_of(sanitized(fields.get(b"worker", b"").decode(errors="replace")[:_MOST_CHARS]))


def of_its_host(message: ResultMessage, signer: str) -> ResultMessage:
    """A result that an invited host signed, as that host's, whatever its worker calls itself.

    Otherwise a host could be several: agree with itself against an honest host, or be wrong in the name of one. The
    workers beside the coordinator share a key and keep their names.
    """
    if signer in ("", OWN_WORKERS) or host_of(message.worker) == signer:
        return message
    node = message.worker.rpartition("@")[0].replace("@", "-") or "worker"
    return replace(message, worker=f"{node}@{signer}")
