"""Loads a page in a real headless browser, and returns it as it is after its scripts have run."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.support.lacks import lacks

#: enough virtual time for the page's scripts and their calls; it passes quickly while nothing happens
_PAGE_MS = 5_000
_PATIENCE_S = 90.0
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
#: arguments of a browser without a window that calls nobody
QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def browser() -> str:
    """Path of Chromium or Chrome. Without either, the test is skipped, or fails where CI=true."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    return found or lacks("no Chromium on the PATH (Debian: apt-get install chromium)")


def seen(url: str, *, command: str, folder: Path) -> str:
    """The document at `url` after its scripts have run, as HTML."""
    with tempfile.TemporaryDirectory(dir=folder, ignore_cleanup_errors=True) as profile:
        argv = [command, *QUIET, f"--user-data-dir={profile}", f"--virtual-time-budget={_PAGE_MS}", "--dump-dom", url]
        done = subprocess.run(argv, capture_output=True, check=True, text=True, timeout=_PATIENCE_S)
    return done.stdout
