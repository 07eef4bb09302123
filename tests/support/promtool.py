"""Prometheus's own check of metrics, from Debian's package."""

from __future__ import annotations

import shutil
import subprocess

from tests.support.lacks import lacks


def check_metrics(text: str) -> str:
    """The complaints of `promtool check metrics`. Without promtool, the test is skipped, or fails where CI=true."""
    found = shutil.which("promtool") or lacks("no promtool on the PATH (Debian: apt-get install prometheus)")
    done = subprocess.run([found, "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr if done.returncode else ""
