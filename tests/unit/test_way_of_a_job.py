"""The way of a job in docs/architecture.md: each function that it names is in the code."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_PAGE = ROOT / "docs" / "architecture.md"
_NAME = re.compile(r"`((?:fleet|tasks)(?:\.\w+)+)`")
#: where the way begins and ends: a fetch that is due, an entry in the chain
_FIRST, _LAST = "fleet.coordinator.loop.Coordinator.run", "fleet.ledger.proof.chain.link_hash"


def way() -> list[str]:
    """The functions that the section names, in its order."""
    section = _PAGE.read_text(encoding="utf-8").partition("\n## The way of a job\n")[2].partition("\n## ")[0]
    return _NAME.findall(section)


def functions(module: Path) -> set[str]:
    """`function` and `Class.method` of all that a file defines at its top level and in its classes."""
    found = set()
    for node in ast.parse(module.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.ClassDef):
            methods = (one for one in node.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef))
            found |= {f"{node.name}.{method.name}" for method in methods}
    return found


def split(name: str) -> tuple[Path, str]:
    """The file of a dotted name, and what is named inside it."""
    parts = name.split(".")
    for count in range(len(parts) - 1, 0, -1):
        module = ROOT.joinpath(*parts[:count]).with_suffix(".py")
        if module.is_file():
            return module, ".".join(parts[count:])
    raise AssertionError(f"{name} is in no module")


def test_the_way_leads_from_the_loop_to_the_chain() -> None:
    names = way()
    assert (names[0], names[-1]) == (_FIRST, _LAST)


@pytest.mark.parametrize("name", sorted(set(way())))
def test_a_function_on_the_way_of_a_job_exists(name: str) -> None:
    module, function = split(name)
    assert function in functions(module), f"docs/architecture.md names {name}, which {module.name} does not define"
