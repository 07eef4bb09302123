"""Releases beside each other that read and write other versions of the messages: each earns with the one before it.

Version 3 is what the releases after this one may bring: one that reads it, and the next, which writes it, too.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.releases.farm import Release, farm
from tests.support.processes import ROOT

pytestmark = pytest.mark.timeout(300)

_OTHER = (sys.executable, "-m", "tests.releases.other_wire")
_THIS = Release("this release", ROOT, (sys.executable, "-m", "fleet"))
_READS = Release("the next release, which reads version 3", ROOT, (*_OTHER, "2-3", "2"))
_WRITES = Release("the one after it, which writes version 3", ROOT, (*_OTHER, "2-3", "3"))
_LAST = Release("a later one, which does not read version 2", ROOT, (*_OTHER, "3-4", "3"))
#: jobs that each state of the farm is to be paid for
_JOBS = 25


@pytest.mark.parametrize(
    ("coordinator", "hosts"),
    [
        (_THIS, (_THIS, _READS)),
        (_READS, (_READS, _THIS)),
        (_READS, (_READS, _WRITES)),
        (_WRITES, (_WRITES, _READS)),
        (_LAST, (_LAST, _WRITES)),
    ],
    ids=lambda given: given.name.partition(",")[0] if isinstance(given, Release) else "",
)
def test_a_coordinator_and_hosts_of_neighbouring_releases_earn(
    tmp_path: Path, coordinator: Release, hosts: tuple[Release, Release]
) -> None:
    with farm(tmp_path / "farm") as made:
        made.run_coordinator(coordinator)
        for name, release in zip(("attic", "garage"), hosts, strict=True):
            made.run_host(release, name)
        made.accepts(_JOBS)
        made.stop_host("attic")
        # now each job is computed by the other release
        made.accepts(_JOBS)
        assert made.difference(_THIS) == 0


def test_a_farm_is_upgraded_from_version_2_to_3_over_two_releases_under_load(tmp_path: Path) -> None:
    with farm(tmp_path / "farm") as made:
        made.run_coordinator(_THIS)
        made.run_host(_THIS, "attic")
        made.accepts(_JOBS)
        for release, workers_first in ((_READS, False), (_WRITES, True), (_LAST, False)):
            steps = [lambda to=release: made.run_host(to, "attic"), lambda to=release: made.run_coordinator(to)]
            for step in steps if workers_first else reversed(steps):
                step()
                made.accepts(_JOBS)
        assert made.difference(_THIS) == 0


def test_a_worker_that_skips_a_release_ends_and_says_both_versions(tmp_path: Path) -> None:
    with farm(tmp_path / "farm") as made:
        made.run_coordinator(_THIS)
        made.run_host(_THIS, "attic")
        made.accepts(5)
        late = made.start(_WRITES, "worker", "--name", "garage")
        assert late.wait() != 0
        assert "speaks wire version 2 to 3, but the coordinator is" in late.out + late.err
        made.accepts(5)
        assert made.difference(_THIS) == 0
