"""Packs texts into one compressed archive, each without secrets."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Mapping

from fleet.errors import FleetError


def packed(parts: Mapping[str, Callable[[], str]], hide: Callable[[str], str], folder: str) -> bytes:
    """A .tar.gz with a file for each part, in `folder`. `hide` takes the secrets out of each text.

    A part that can't be made is replaced by the reason.
    """
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w:gz") as archive:
        for name, make in parts.items():
            data = hide(_made(make)).encode(errors="replace")
            entry = tarfile.TarInfo(f"{folder}/{name}")
            entry.size, entry.mode = len(data), 0o600
            archive.addfile(entry, io.BytesIO(data))
    return whole.getvalue()


def _made(make: Callable[[], str]) -> str:
    try:
        return make()
    except FleetError as exc:
        return f"not made: {exc}\n"
    except OSError as exc:
        return f"not made: {exc.strerror}\n"
