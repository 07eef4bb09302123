"""Compares another machine's clock with this one's. Pure."""

from __future__ import annotations

from fleet.doctor.diagnosis import Diagnosis, ok, warn

#: seconds between two clocks above which times in logs can't be compared
_APART_S = 5.0


def judged_clock(subject: str, ahead_s: float, latency_ms: float) -> Diagnosis:
    """The diagnosis of a clock that is `ahead_s` seconds ahead of this machine's, give or take the latency."""
    way = "ahead of" if ahead_s > 0 else "behind"
    if abs(ahead_s) > _APART_S + latency_ms / 1000:
        words = f"its clock is {abs(ahead_s):,.0f} s {way} this machine's"
        return warn(subject, words, "set the clock that is wrong, by NTP: `timedatectl set-ntp true`")
    return ok(subject, f"{abs(ahead_s):.1f} s {way} this machine's")
