"""Mixes an earlier release with this one, for real: `python -m tests.releases FOLDER`.

FOLDER is a checkout of the earlier release in which `make setup` has run. Four farms mine under load: a coordinator of
one release with hosts of both, and an upgrade in each order, with `fleet upgrade-check` before it and its proof after.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.releases.farm import Farm, Release, farm
from tests.support.processes import ROOT

#: jobs that each state of a farm is to be paid for
_JOBS = 100
_HOSTS = ("attic", "garage")


def main(arguments: list[str] | None = None) -> int:
    """Mix the releases. Returns 1 if anything was lost."""
    parser = argparse.ArgumentParser(prog="python -m tests.releases", description=__doc__)
    parser.add_argument("folder", type=Path, help="the earlier release, set up")
    options = parser.parse_args(arguments)
    old, new = Release("the earlier release", options.folder.resolve()), Release("this release", ROOT)
    plays: list[tuple[str, Callable[[Farm, Release, Release], list[str]]]] = [
        ("its coordinator, hosts of both", lambda made, *_: _mixed(made, old, new)),
        ("this coordinator, hosts of both", lambda made, *_: _mixed(made, new, old)),
        ("upgraded, coordinator first", _coordinator_first),
        ("upgraded, workers first", _workers_first),
    ]
    failed = 0
    for name, play in plays:
        with tempfile.TemporaryDirectory(prefix="neonet-releases-") as folder, farm(Path(folder) / "farm") as made:
            try:
                lines = play(made, old, new)
                difference = made.difference(old if name.startswith("its") else new)
                flaw = f"book and ledger differ by {difference} NNET" if difference else ""
            except AssertionError as exc:
                lines, flaw = [], str(exc)
            failed += bool(flaw)
            print(f"{name}: {flaw or 'difference 0'}", *lines, sep="\n  ", flush=True)
    return int(bool(failed))


def _mixed(made: Farm, coordinator: Release, other: Release) -> list[str]:
    """Both hosts take part in what the farm is paid for."""
    made.run_coordinator(coordinator)
    for host, release in zip(_HOSTS, (coordinator, other), strict=True):
        made.run_host(release, host)
    made.accepts(_JOBS)
    made.hosts[_HOSTS[0]].end()
    del made.hosts[_HOSTS[0]]
    # now each job is computed by the other release
    made.accepts(_JOBS)
    return [f"coordinator {coordinator.name}, all jobs of the last {_JOBS} computed by {other.name}"]


def _coordinator_first(made: Farm, old: Release, new: Release) -> list[str]:
    lines = _before(made, old, new)
    made.run_coordinator(new)
    made.accepts(_JOBS)
    for host in _HOSTS:
        made.run_host(new, host)
        made.accepts(_JOBS)
    return lines + _proof(made, new)


def _workers_first(made: Farm, old: Release, new: Release) -> list[str]:
    lines = _before(made, old, new)
    for host in _HOSTS:
        made.run_host(new, host)
        made.accepts(_JOBS)
    made.run_coordinator(new)
    made.accepts(_JOBS)
    return lines + _proof(made, new)


def _before(made: Farm, old: Release, new: Release) -> list[str]:
    """A farm of the earlier release mines, and this one looks at it."""
    made.run_coordinator(old)
    for host in _HOSTS:
        made.run_host(old, host)
    made.accepts(_JOBS)
    done = made.said(new, "upgrade-check")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


def _proof(made: Farm, new: Release) -> list[str]:
    done = made.said(new, "upgrade-check", "--proof")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


if __name__ == "__main__":
    sys.exit(main())
