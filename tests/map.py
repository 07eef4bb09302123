"""The map of the code, with a line per file. `python -m tests.map` prints it, `--write` writes it to docs/map.md."""

from __future__ import annotations

import argparse
import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "map.md"
PACKAGES = ("config", "tasks", "fleet")

_HEAD = """# The map

Every file of the three packages, with the first line of its docstring. Written by `python -m tests.map --write`; a test
holds it against the code. [Architecture](architecture.md) says how the packages work together.
"""


def first_line(path: Path) -> str:
    """The first line of a module's docstring."""
    return (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").partition("\n")[0]


def folders() -> Iterator[Path]:
    """Every package, each before the packages inside it."""
    for package in PACKAGES:
        yield from (init.parent for init in sorted((ROOT / package).rglob("__init__.py")))


def drawn() -> str:
    """The map as Markdown."""
    parts = [_HEAD]
    for folder in folders():
        parts.append(f"\n## {folder.relative_to(ROOT)}/\n\n{first_line(folder / '__init__.py')}\n\n")
        files = sorted(path for path in folder.glob("*.py") if path.name != "__init__.py")
        parts += [f"- `{path.name}` {first_line(path)}\n" for path in files]
    return "".join(parts)


def main() -> int:
    """Print the map or write it."""
    parser = argparse.ArgumentParser(prog="python -m tests.map", description="Print the map of the code.")
    parser.add_argument("--write", action="store_true", help=f"into {PAGE.relative_to(ROOT)}")
    if parser.parse_args().write:
        PAGE.write_text(drawn(), encoding="utf-8")
    else:
        print(drawn(), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
