"""Checks what a wheel holds: `wheel_contents.py WHEEL` lists what should not be in it or is missing."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

PACKAGES = ("config", "fleet", "tasks")
ROOT = Path(__file__).parents[1]


def flaws(wheel: Path) -> list[str]:
    """Files that are in the wheel and not in the repository's packages, and the other way round."""
    with zipfile.ZipFile(wheel) as archive:
        inside = {name for name in archive.namelist() if ".dist-info/" not in name}
        licensed = any(name.endswith("/licenses/LICENSE") for name in archive.namelist())
    tracked = subprocess.run(
        ["git", "ls-files", *PACKAGES], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    wanted = {name for name in tracked if name.endswith((".py", "py.typed", ".toml", ".html", ".css", ".js", ".svg"))}
    found = [f"not in the repository: {name}" for name in sorted(inside - wanted)]
    found += [f"missing: {name}" for name in sorted(wanted - inside)]
    return found if licensed else [*found, "missing: LICENSE"]


if __name__ == "__main__":
    problems = flaws(Path(sys.argv[1]))
    print(*problems, sep="\n")
    sys.exit(bool(problems))
