"""`python -m tests.releases.other_wire OLDEST-NEWEST WRITTEN ARGS…`: `fleet ARGS…` with other wire versions.

It reads the versions from OLDEST to NEWEST, and writes WRITTEN; all else is this release. Its messages look like this
release's in each version, as they do where a field has changed its meaning alone.
"""

from __future__ import annotations

import importlib
import os
import sys

from tasks import wire_versions


def main() -> int:
    """Run the command under these versions, which no module has read yet."""
    _, versions, written, *arguments = sys.argv
    oldest, newest = map(int, versions.split("-"))
    wire_versions.OLDEST_WIRE, wire_versions.WIRE_VERSION, wire_versions.WRITTEN_WIRE = oldest, newest, int(written)
    # the defaults of functions were read when they were defined
    wire_versions.spoken.__defaults__ = (oldest, newest)
    wire_versions.jobs_queue.__defaults__ = (int(written),)
    if arguments[0] == "worker":
        # `fleet worker` becomes another process, which would read this release's versions
        os.environ["FLEET_WORKER__NAME"] = arguments[arguments.index("--name") + 1]
        arguments, door = [], "tasks.__main__"
    else:
        door = "fleet.cli"
    sys.argv = ["fleet", *arguments]
    code: int = importlib.import_module(door).main()
    return code


if __name__ == "__main__":
    sys.exit(main())
