"""Whether a worker host's own limits can be kept: what its machine can't tell limits nothing."""

from __future__ import annotations

from collections.abc import Iterator

from config.limits_section import LimitSettings
from fleet.doctor.diagnosis import Diagnosis, ok, warn
from tasks.host.limits import Readings
from tasks.host.sensors import Sensors

_SUBJECT = "own limits"
_ELSEWHERE = "run its worker on the machine itself, or leave the limit out"


def own_limit_diagnoses(limits: LimitSettings) -> Iterator[Diagnosis]:
    """The diagnoses of the limits that are set, by this machine's sensors. Never raises."""
    sensors = Sensors()
    watched = limits.idle_s is not None
    yield from judged_own_limits(limits, sensors.read(input_too=watched), sensors.input.unseen)


def judged_own_limits(limits: LimitSettings, found: Readings, unseen: str) -> Iterator[Diagnosis]:
    """The same from what the sensors say; `unseen` is what of an input this machine can't see, in words. Pure."""
    if limits.hot_c is not None:
        if found.hottest_c is None:
            yield warn(_SUBJECT, "limits.hot_c does nothing: this machine shows no temperature", _ELSEWHERE)
        else:
            yield ok(_SUBJECT, f"it has {found.hottest_c:.0f} °C; limits.hot_c is {limits.hot_c:g}")
    if limits.idle_s is not None:
        if found.untouched_s is None:
            yield warn(_SUBJECT, f"limits.idle_s does nothing: no input was seen here; {unseen}", _ELSEWHERE)
        else:
            yield ok(_SUBJECT, f"somebody last used this host {found.untouched_s:.0f} s ago; {unseen}")
    if not limits.on_battery and found.on_battery is None:
        yield ok(_SUBJECT, "limits.on_battery does nothing: this machine has no battery")
