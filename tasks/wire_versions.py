"""The versions of the messages between coordinator and worker: which are read, and which one is written.

A version is raised in two releases, each of which exchanges messages with the one before it: the first reads both
versions and still writes the older one, the second writes the newer one.
"""

from __future__ import annotations

#: the newest version that is read; raised when a field changes its meaning
WIRE_VERSION = 2
#: the version that is written; raised by the release after the one that raised WIRE_VERSION
WRITTEN_WIRE = 2
#: the oldest version that is read; never 1, which could not send all data
OLDEST_WIRE = 2


def is_spoken(version: object) -> bool:
    """Whether this release reads messages of a wire version."""
    return type(version) is int and OLDEST_WIRE <= version <= WIRE_VERSION


def spoken(oldest: int = OLDEST_WIRE, newest: int = WIRE_VERSION) -> str:
    """Wire versions in words: `2`, or `2 to 3`."""
    return f"{newest}" if oldest == newest else f"{oldest} to {newest}"


def jobs_queue(version: int = WRITTEN_WIRE) -> str:
    """The Celery queue of jobs of a wire version. Workers take jobs from those of all versions that they read."""
    return f"neonet.jobs.{version}"
