"""Reports results that were not signed by the host that they name. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from fleet.broker.result_signatures import SignatureCounts
from fleet.health.symptom import Symptom, host_subject

#: seconds after the last such result until it is reported no more
_LASTS_S = 600.0


@dataclass(frozen=True, slots=True)
class _Seen:
    """Counts of a host, and when each of them last rose, in monotonic seconds."""

    counts: SignatureCounts
    wrong_at: float = float("-inf")
    foreign_at: float = float("-inf")
    unsigned_at: float = float("-inf")
    accepted_at: float = float("-inf")


class SignatureWatch:
    """Follows the counts of each host."""

    def __init__(self) -> None:
        self._hosts: dict[str, _Seen] = {}

    def seen(self, counts: Mapping[str, SignatureCounts], now: float) -> None:
        """The counts now, by host."""
        self._hosts = {host: _moved(self._hosts.get(host), one, now) for host, one in counts.items()}

    def look(self, now: float) -> Iterator[Symptom]:
        """The symptoms of all hosts."""
        for host, seen in self._hosts.items():
            subject = host_subject(host)
            if now - seen.wrong_at < _LASTS_S:
                text = f"Results that name host {host} had a wrong signature and were dropped."
                yield Symptom(kind="wrong_signature", subject=subject, text=text)
            if now - seen.foreign_at < _LASTS_S:
                text = f"Host {host} answered for jobs that this coordinator did not send; its results were dropped."
                yield Symptom(kind="foreign_jobs", subject=subject, text=text)
            if now - seen.unsigned_at < _LASTS_S:
                text = f"Results that name host {host} had no signature and were dropped."
                yield Symptom(kind="unsigned_results", subject=subject, text=text)
            elif now - seen.accepted_at < _LASTS_S:
                text = f"Results of host {host} have no signature, and are accepted."
                yield Symptom(kind="unsigned_results", subject=subject, text=text)


def _moved(before: _Seen | None, counts: SignatureCounts, now: float) -> _Seen:
    old = before or _Seen(SignatureCounts())
    return _Seen(
        counts,
        wrong_at=now if counts.wrong > old.counts.wrong else old.wrong_at,
        foreign_at=now if counts.foreign > old.counts.foreign else old.foreign_at,
        unsigned_at=now if counts.unsigned > old.counts.unsigned else old.unsigned_at,
        accepted_at=now if counts.accepted > old.counts.accepted else old.accepted_at,
    )
