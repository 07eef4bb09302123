"""The Celery queues of jobs, one for each hardware class, and which of them a host takes jobs from, in which order.

What a host lacks costs most at long jobs; what a job costs beside its kernel is much the same everywhere. So while
hosts that don't qualify help others, they take short jobs first, and those that qualify take the long ones first.
"""

from __future__ import annotations

from tasks.jobtypes import CLASSES, LEVELS, LONG_LEVELS
from tasks.wire_versions import OLDEST_WIRE, WIRE_VERSION, WRITTEN_WIRE, jobs_queue


def _queue(level: int, version: int) -> str:
    """The Redis list of a class in a wire version. That of the first class is known to earlier releases."""
    return jobs_queue(version) if level == 1 else f"{jobs_queue(version)}.{CLASSES[level - 1].name}"


#: the wire versions whose jobs are taken, the one that is written first
_VERSIONS = sorted(range(OLDEST_WIRE, WIRE_VERSION + 1), key=lambda version: version != WRITTEN_WIRE)
#: the queue that jobs of each class are sent to, by its level
QUEUES: dict[int, str] = {level: _queue(level, WRITTEN_WIRE) for level in LEVELS}
JOB_QUEUES = frozenset(QUEUES.values())
#: the queues that workers take jobs from: those, and the same of the other wire versions that this release reads
TAKEN_QUEUES = frozenset(_queue(level, version) for level in LEVELS for version in _VERSIONS)
#: the message header with the level of the class that its jobs are for; a message without it is for every host
LEVEL_HEADER = "level"


def queues_of_host(level: int, helped_level: int = LEVELS[0]) -> tuple[str, ...]:
    """The queues that a host of this level takes jobs from, its best first.

    Those of its own classes come first. With a `helped_level` above the first, hosts also help with all classes up to
    that one.
    """
    own, helped = list(range(level, 0, -1)), list(range(helped_level, level, -1))
    if helped_level > LEVELS[0]:
        own.sort(key=lambda one: one not in LONG_LEVELS)
        helped.sort(key=lambda one: one in LONG_LEVELS)
    return tuple(_queue(one, version) for one in (*own, *helped) for version in _VERSIONS)
