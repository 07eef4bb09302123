"""Conditions: symptoms that last. Each begins and ends after a delay, and remembers since when it has lasted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fleet.health.kinds import KINDS, rank
from fleet.health.symptom import Symptom, is_part
from fleet.status.snapshot import Severity, Wrong


@dataclass(slots=True)
class _Seen:
    """A symptom that was seen; times are monotonic seconds."""

    symptom: Symptom
    first_at: float
    last_at: float
    since_ms: int
    begun: bool = False


class Conditions:
    """Turns the symptoms of each moment into conditions.

    While the farm as a whole earns nothing, the conditions of its miners and hosts neither begin nor end: they say
    nothing then, and would all be raised by one cause.
    """

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], _Seen] = {}

    def of(self, symptoms: Iterable[Symptom], now: float, now_ms: int) -> tuple[Wrong, ...]:
        """The conditions that last now, the most costly first."""
        present = {(one.kind, one.subject): one for one in symptoms}
        stopped = any(KINDS[one.kind].stops for one in present.values())
        for key, symptom in present.items():
            if not (stopped and is_part(symptom.subject)):
                self._update(key, symptom, now, now_ms)
        for key, seen in list(self._seen.items()):
            if stopped and is_part(seen.symptom.subject):
                seen.last_at = now
            elif key not in present and (not seen.begun or now - seen.last_at >= KINDS[key[0]].ends_s):
                del self._seen[key]
        return tuple(sorted((_wrong(seen) for seen in self._seen.values() if seen.begun), key=_cost))

    def _update(self, key: tuple[str, str], symptom: Symptom, now: float, now_ms: int) -> None:
        seen = self._seen.get(key)
        if seen is None:
            first_ms = now_ms - int(symptom.lasted_s * 1000)
            seen = self._seen[key] = _Seen(symptom, now, now, first_ms)
        seen.symptom, seen.last_at = symptom, now
        seen.begun = seen.begun or now - seen.first_at >= KINDS[symptom.kind].begins_s


def _wrong(seen: _Seen) -> Wrong:
    one, kind = seen.symptom, KINDS[seen.symptom.kind]
    return Wrong(
        kind=one.kind,
        subject=one.subject,
        severity=kind.severity,
        text=one.text,
        help=kind.help,
        since_ms=seen.since_ms,
        nnet_per_day=one.nnet_per_day,
    )


def _cost(one: Wrong) -> tuple[bool, bool, float, int, str]:
    """What stops everything comes first, then by NNET a day, then by kind."""
    return (
        not KINDS[one.kind].stops,
        one.severity is not Severity.FAIL,
        -(one.nnet_per_day or 0.0),
        rank(one.kind),
        one.subject,
    )
