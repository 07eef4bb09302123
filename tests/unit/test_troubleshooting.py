"""docs/troubleshooting.md against the code: each quoted message can be printed, each command and setting exists."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from config.settings import ENV_PREFIX, Settings
from config.sources import POINTERS, variable
from config.tree import leaves
from fleet.cli import COMMANDS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
#: where the farm's own words stand, beside its Python
SCRIPTS = (
    "Makefile",
    "docker-compose.yml",
    "docker/invite",
    "docker/dismiss",
    "docker/setting",
    "docker/archive",
    "docker/entrypoint",
)

#: what begins the messages of other programs, and whose they are
OTHERS: dict[str, str] = {
    "SecurityWarning: You're running the worker": "Celery",
    "Cannot connect to redis://": "Celery",
    'The "…" variable is not set': "Compose",
    "panic: close of closed channel": "Compose",
    "Error starting userland proxy": "Docker",
    "port is already allocated": "Docker",
    "NanoCPUs can not be set": "Docker",
    "unhealthy": "Docker",
    "docker compose ps": "Docker",
    "Could not resolve host": "libcurl",
    "Failed to connect": "libcurl",
    "CONNECT tunnel failed": "libcurl",
    "Name or service not known": "the C library",
    "Connection refused": "the C library",
    "Tunnel connection failed": "Python",
}
#: messages that the code puts together from more parts than can be searched for
ASSEMBLED = ("file is not a database", "is a replica, which takes no jobs")
_VALUE = re.compile(r"…|[:;,] |^\[[A-Z]+\] +|\d[\d.,]*|https?://\S*|`|\"")
_SHORTEST = 6


def quoted() -> Iterator[str]:
    """Each message in the first column of a table."""
    for line in PAGE.splitlines():
        if line.startswith("| `"):
            yield from re.findall(r"`([^`]+)`", line.split(" | ")[0])


def pieces(text: str) -> list[str]:
    """The parts of a message that don't differ from time to time."""
    return [part for part in (piece.strip(" :;,.()") for piece in _VALUE.split(text)) if len(part) >= _SHORTEST]


@cache
def printed() -> str:
    """All texts in the code, with what is put into them left out."""
    texts = [(ROOT / name).read_text(encoding="utf-8") for name in SCRIPTS if (ROOT / name).is_file()]
    for package in ("config", "tasks", "fleet"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    texts.append(re.sub(r"%[sdgr]|%\.\d+f|\{[^}]*\}", "\n", node.value))
                elif isinstance(node, ast.ClassDef):
                    texts.append(node.name)
                elif isinstance(node, ast.JoinedStr):
                    parts = [part.value if isinstance(part, ast.Constant) else "\n" for part in node.values]
                    texts.append("".join(map(str, parts)))
    return "\n".join(texts)


def covered(piece: str, *, parts: int = 3) -> bool:
    """Whether the code's texts hold the piece, or at most `parts` pieces that make it up."""
    if piece in printed():
        return True
    if parts == 1:
        return False
    ends = range(len(piece) - 1, _SHORTEST - 1, -1)
    return any(piece[:end] in printed() and covered(piece[end:].strip(), parts=parts - 1) for end in ends)


@pytest.mark.parametrize("message", sorted(set(quoted())))
def test_each_quoted_message_can_be_printed(message: str) -> None:
    if any(words in message for words in (*OTHERS, *ASSEMBLED)):
        return
    missing = [piece for piece in pieces(message) if not covered(piece)]
    assert not missing, f"no text of the code holds {missing}; the page quotes {message!r}"


def test_each_command_and_script_on_the_page_exists() -> None:
    commands = set(re.findall(r"`(?:\S*/)?fleet ([a-z-]+)", PAGE))
    assert commands
    assert commands <= set(COMMANDS)
    scripts = set(re.findall(r"docker/[a-z]+", PAGE))
    assert all((ROOT / name).is_file() for name in scripts), scripts
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    assert set(re.findall(r"`make (?:[A-Z_]+=\S+ )*([a-z]+)", PAGE)) <= targets


def test_each_setting_on_the_page_exists() -> None:
    settings = {leaf.name for leaf in leaves(Settings)}
    variables = {variable(name) for name in settings} | {f"{ENV_PREFIX}{name}" for name in POINTERS}
    named = set(re.findall(r"\bFLEET_[A-Z_]+[A-Z]", PAGE))
    assert named
    assert named <= variables
    dotted = set(re.findall(r"`((?:worker|budget|http|dispatch|flower|log|output|backoff)\.(?!log`)[a-z_]+)`", PAGE))
    assert dotted <= settings, dotted - settings
    compose = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    assert all(name in compose for name in re.findall(r"`(\w+_(?:MEMORY|CPUS))`", PAGE))
