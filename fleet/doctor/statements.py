"""Compares what coordinator and workers state of themselves: releases, wire versions and time limits. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from fleet.doctor.diagnosis import Diagnosis, fail, not_checked, ok, warn
from tasks.broker.statement import Statement

#: a job may be given away once it is this many time limits old, as the settings of one process demand of it
_FACTOR = 3.0
_SHOWN = 8
_INSTALL = "install the coordinator's release on that host"


def judged_coordinator(stated: Statement | None, own: Statement) -> Iterator[Diagnosis]:
    """What the coordinator states, compared with this host; None where no coordinator has used this Redis."""
    if stated is None:
        yield warn(
            "wire version",
            "no coordinator has stated its release in this Redis",
            "start the coordinator, then ask again",
        )
        return
    if stated.understands(own):
        same = "as the coordinator's" if stated.wire == own.wire else f"the coordinator speaks {stated.spoken}"
        yield ok("wire version", f"{own.spoken}, {same} (release {stated.release}; here {own.release})")
    else:
        words = f"the coordinator's is {stated.spoken} (release {stated.release}), this host's {own.spoken}"
        yield fail("wire version", words, f"install release {stated.release} here")
    yield judged_limits({"the coordinator": stated}, own)


def judged_workers(stated: Mapping[str, Statement | None] | None, own: Statement) -> Iterator[Diagnosis]:
    """What the workers state, by name, compared with the coordinator's settings; None where Redis grants no look."""
    subject = "worker versions"
    if stated is None:
        yield not_checked(subject, "this user may not see what the workers state; start Compose again to grant it")
        return
    by_version: dict[tuple[str, str, bool], list[str]] = defaultdict(list)
    silent = [name for name, one in stated.items() if one is None]
    known = {name: one for name, one in stated.items() if one is not None}
    for name, one in known.items():
        by_version[one.release, one.spoken, one.understands(own)].append(name)
    for (release, wire, understood), names in sorted(by_version.items()):
        words = f"release {release}, wire version {wire}: {_listed(names)}"
        yield ok(subject, words) if understood else fail(subject, f"{words}; here {own.spoken}", _INSTALL)
    if silent:
        yield warn(subject, f"an earlier release, which states none: {_listed(silent)}", _INSTALL)
    if known:
        yield judged_limits(known, own)


def judged_limits(others: Mapping[str, Statement], own: Statement) -> Diagnosis:
    """Whether a job is given to another worker while it is still being computed, by the limits of all processes.

    The shortest visibility timeout of all processes on a Redis applies, and the longest time limit of a kernel.
    """
    subject = "time limits"
    everyone = {"this host": own, **others}
    limits = {name: one.time_limit_s for name, one in everyone.items() if one.time_limit_s is not None}
    timeouts = {
        name: one.visibility_timeout_s for name, one in everyone.items() if one.visibility_timeout_s is not None
    }
    if not limits or not timeouts:
        return not_checked(subject, "none was stated")
    slow, hasty = max(limits, key=lambda name: limits[name]), min(timeouts, key=lambda name: timeouts[name])
    longest_s, given_s = limits[slow], timeouts[hasty]
    same = "set FLEET_VISIBILITY_TIMEOUT_S and FLEET_WORKER__TIME_LIMIT_S to the same values on all hosts"
    if given_s < longest_s:
        words = f"a job may take {longest_s:g} s ({slow}), and is given to another worker after {given_s:g} s ({hasty})"
        return fail(subject, words, same)
    if given_s < _FACTOR * longest_s or len(set(limits.values())) > 1 or len(set(timeouts.values())) > 1:
        words = f"they differ: a job takes up to {longest_s:g} s ({slow}), and waits {given_s:g} s at least ({hasty})"
        return warn(subject, words, same)
    return ok(subject, f"a job ends after {longest_s:g} s; Redis gives it away after {given_s:g} s, on all hosts alike")


def _listed(names: list[str]) -> str:
    left = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {left} more" if left > 0 else "")
