"""Prometheus and its own checks, from Debian's package."""

from __future__ import annotations

import json
import shutil
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fleet.local.redis_server import free_port
from tests.support.lacks import lacks
from tests.support.processes import ROOT, environ, started

#: the files of the Compose profile `monitoring`
MONITORING = ROOT / "deploy" / "monitoring"


def promtool(*arguments: str, text: str | None = None) -> str:
    """What `promtool` finds wrong; a test without promtool is skipped, or fails where CI=true."""
    done = subprocess.run([_found("promtool"), *arguments], input=text, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr if done.returncode else ""


def check_metrics(text: str) -> str:
    """What `promtool check metrics` finds wrong."""
    return promtool("check", "metrics", text=text)


def board_queries() -> list[str]:
    """The queries of the board, in its order."""
    board = json.loads((MONITORING / "board.json").read_text(encoding="utf-8"))
    return [target["expr"] for panel in board["panels"] for target in panel.get("targets", ())]


@dataclass(frozen=True, slots=True)
class Prometheus:
    """A running Prometheus."""

    url: str

    def asked(self, path: str, **parameters: str) -> Any:
        """The data of an answer of its API; an AssertionError where it reports an error."""
        query = urllib.parse.urlencode(parameters)
        with urllib.request.urlopen(f"{self.url}/api/v1/{path}?{query}", timeout=30) as answer:  # noqa: S310
            read = json.loads(answer.read())
        assert read["status"] == "success", read
        return read["data"]

    def values(self, query: str) -> list[dict[str, Any]]:
        """The samples that a query finds now. Raises HTTPError where it is no query."""
        found: list[dict[str, Any]] = self.asked("query", query=query)["result"]
        return found


@contextmanager
def prometheus(folder: Path, *, target: str, token: str) -> Iterator[Prometheus]:
    """Prometheus by the profile's files, but it looks at `target` every second, and raises alerts after one."""
    folder.mkdir(parents=True)
    (folder / "token").write_text(token, encoding="utf-8")
    rules = (MONITORING / "rules.yml").read_text(encoding="utf-8")
    for span in ("1m", "2m", "5m"):
        rules = rules.replace(f"for: {span}\n", "for: 1s\n")
    (folder / "rules.yml").write_text(rules, encoding="utf-8")
    config = (MONITORING / "prometheus.yml").read_text(encoding="utf-8")
    for old, new in {
        "coordinator:9808": target,
        "/run/secrets/token": str(folder / "token"),
        "/etc/prometheus/rules.yml": str(folder / "rules.yml"),
        "15s": "1s",
    }.items():
        assert old in config
        config = config.replace(old, new)
    (folder / "prometheus.yml").write_text(config, encoding="utf-8")
    port = free_port()
    argv = [
        _found("prometheus"),
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with started(argv, folder, environ(folder)) as process:
        process.says("Server is ready to receive web requests")
        yield Prometheus(f"http://127.0.0.1:{port}")


def _found(name: str) -> str:
    return shutil.which(name) or lacks(f"no {name} on the PATH (Debian: apt-get install prometheus)")
