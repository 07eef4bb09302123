"""Judges what Redis states about itself in INFO: memory, eviction, persistence, connections. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fleet.doctor.diagnosis import Diagnosis, fail, ok, warn
from tasks.text import sanitized

#: used share of maxmemory from which the farm may soon stop, and from which to warn
_FULL, _HIGH = 0.95, 0.75
_CROWDED = 0.8
_POLICY = "set `maxmemory-policy noeviction` in redis.conf (or CONFIG SET)"


def info_diagnoses(info: Mapping[str, Any]) -> Iterator[Diagnosis]:
    """The diagnoses of the fields of INFO, as redis-py parses them. A missing field gives none."""
    release = sanitized(str(info.get("redis_version", "unknown")))[:20]
    yield ok("redis version", f"{release}, up for {_count(info, 'uptime_in_seconds'):,} s")
    yield judged_memory(_count(info, "used_memory"), _count(info, "maxmemory"))
    yield judged_policy(sanitized(str(info.get("maxmemory_policy", "unknown")))[:30])
    yield _judged_persistence(info)
    connected, most = _count(info, "connected_clients"), _count(info, "maxclients")
    if most and connected > _CROWDED * most:
        yield warn("redis clients", f"{connected} of {most} connections are in use", "raise maxclients in redis.conf")


def judged_memory(used_bytes: int, most_bytes: int) -> Diagnosis:
    """The diagnosis of Redis's memory; `most_bytes` is 0 without a limit."""
    subject, used = "redis memory", f"{used_bytes / 2**20:.0f} MB"
    if not most_bytes:
        words = "set maxmemory (512mb is enough for a farm), so that the system need not kill Redis"
        return warn(subject, f"{used} in use, without a limit", words)
    share = f"{used} of {most_bytes / 2**20:.0f} MB in use"
    advice = "raise maxmemory; if jobs pile up, start more workers"
    if used_bytes >= _FULL * most_bytes:
        return fail(subject, f"{share}: it takes no more jobs when full", advice)
    return warn(subject, share, advice) if used_bytes >= _HIGH * most_bytes else ok(subject, share)


def judged_policy(policy: str) -> Diagnosis:
    """The diagnosis of what Redis deletes when its memory is full."""
    subject = "redis eviction"
    if policy.startswith("allkeys"):
        return fail(subject, f"{policy}: a full Redis would delete waiting jobs and results", _POLICY)
    if policy.startswith("volatile"):
        return warn(
            subject, f"{policy}: a full Redis would delete the coordinator's lease and the workers' sign", _POLICY
        )
    return ok(subject, policy)


def _judged_persistence(info: Mapping[str, Any]) -> Diagnosis:
    """A farm needs no persistence, but a Redis that fails to save refuses writes."""
    subject = "redis persistence"
    advice = "free space on Redis's disk and see its log"
    if info.get("aof_enabled") and info.get("aof_last_write_status", "ok") != "ok":
        return fail(subject, "the last write to its append-only file failed", advice)
    if info.get("rdb_last_bgsave_status", "ok") != "ok":
        return fail(subject, "its last save failed, after which it may refuse writes", advice)
    kept = "append-only file" if info.get("aof_enabled") else "no append-only file"
    return ok(subject, f"{kept}; what Redis loses is sent again from the ledger")


def _count(info: Mapping[str, Any], name: str) -> int:
    value = info.get(name, 0)
    return value if isinstance(value, int) else 0
