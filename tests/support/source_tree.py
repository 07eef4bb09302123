"""The modules of the packages, and what each of them imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("config", "tasks", "fleet")


@dataclass(frozen=True, kw_only=True, slots=True)
class Import:
    """One imported module; `top` is whether the statement is at the top level of its file."""

    name: str
    line: int
    top: bool


def modules_in(folder: str) -> dict[str, Path]:
    """Every module in a folder of the project, by its dotted name."""
    found = {}
    for path in sorted((ROOT / folder).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def modules() -> dict[str, Path]:
    """Every module of the packages, by its dotted name."""
    return {name: path for package in PACKAGES for name, path in modules_in(package).items()}


@cache
def tree(module: str) -> ast.Module:
    return ast.parse(modules()[module].read_text(encoding="utf-8"), filename=module)


@cache
def imports(module: str) -> tuple[Import, ...]:
    """The modules that `module` imports, with names resolved: `from fleet import calls` gives `fleet.calls`."""
    top_level = set(map(id, tree(module).body))
    found = []
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.module is not None, f"{module} imports relatively"
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [name if name in modules() else node.module for name in inner]
        else:
            continue
        found += [Import(name=name, line=node.lineno, top=id(node) in top_level) for name in dict.fromkeys(names)]
    return tuple(found)


def own(module: str) -> Iterator[Import]:
    """The imports from the project's own packages. A package's `__init__` is only a docstring and is left out."""
    packages = {name for name, path in modules().items() if path.name == "__init__.py"}
    return (one for one in imports(module) if one.name.split(".")[0] in PACKAGES and one.name not in packages)


def code_modules() -> list[str]:
    return [name for name, path in modules().items() if path.name != "__init__.py"]


def reached(module: str) -> dict[str, str]:
    """Every module that importing `module` loads, each with the module that imports it."""
    seen: dict[str, str] = {}
    todo = [module]
    while todo:
        current = todo.pop()
        for one in imports(current):
            if one.name not in seen:
                seen[one.name] = current
                if one.name in modules():
                    todo.append(one.name)
    return seen


def matches(module: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(module, pattern) or f"{module}.*" == pattern for pattern in patterns)
