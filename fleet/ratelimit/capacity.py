"""The capacity of a rate limit: how many sessions it keeps alive, and how many miners it keeps busy. Pure."""

from __future__ import annotations

#: requests per job: one to fetch it, one to submit its result
_JOB_REQUESTS = 2
_MINUTE_S = 60.0


def shortfall(*, miners: int, limit: int, window_s: float, heartbeat_s: float) -> str:
    """Why `miners` are too many for `limit` requests in `window_s`; empty if each can do a job a minute."""
    beats = window_s / heartbeat_s
    alive = int(limit / beats)
    busy = int(limit / (beats + _JOB_REQUESTS * window_s / _MINUTE_S))
    if miners <= busy:
        return ""
    what = f"{miners} miners are too many for {limit} requests in {window_s:g} s"
    most = f"{busy} miners can do a job a minute each"
    if miners > alive:
        return f"{what}: their heartbeats alone need {miners * beats:.0f}; {alive} sessions can be kept, and {most}"
    jobs = int((limit - miners * beats) / _JOB_REQUESTS * _MINUTE_S / window_s)
    return f"{what}: besides their heartbeats, {jobs} jobs a minute in all are possible; {most}"
