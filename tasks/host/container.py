"""Whether this process runs in a container, which shows little of the host around it."""

from __future__ import annotations

from pathlib import Path


def in_container(root: Path = Path("/")) -> bool:
    """Whether Docker, Podman or Kubernetes made the file system under `root`."""
    if (root / ".dockerenv").exists() or (root / "run/.containerenv").exists():
        return True
    try:
        mounts = (root / "proc/mounts").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    # Kubernetes leaves no file, but its root is one of layers
    return any(line.split()[1:3] == ["/", "overlay"] for line in mounts)
