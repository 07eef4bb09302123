"""How long a module and a function may be, and what each file begins with."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from tests.support.of_each import of_each
from tests.support.source_tree import code_modules, imports, modules, modules_in, tree

MODULE_LINES = 300
FUNCTION_LINES = 40
#: Above this many lines, a module's docstring has a sentence that begins with "One file:" and says why it is one.
REASON_LINES = 200


@of_each(name for name, path in modules().items() if path.name == "__init__.py")
def test_an_init_file_is_a_docstring(module: str) -> None:
    assert ast.get_docstring(tree(module)), f"{module}/__init__.py has no docstring"
    assert len(tree(module).body) == 1, f"{module}/__init__.py holds more than its docstring"


def test_no_two_classes_have_one_name() -> None:
    places: dict[str, list[str]] = {}
    for module in code_modules():
        for node in ast.walk(tree(module)):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places.setdefault(node.name, []).append(module)
    twice = {name: found for name, found in places.items() if len(found) > 1}
    assert not twice, f"two things of one name: {twice}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """What is measured of a file."""

    lines: int
    #: name and number of lines of each function
    functions: tuple[tuple[str, int], ...]
    #: whether its docstring says why it is one file
    explained: bool


@cache
def measured(path: Path) -> Measured:
    """Measure a file once for all laws: parsing takes most of their time, and trees of all files much memory."""
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source)
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return Measured(
        lines=len(source.splitlines()),
        functions=tuple((node.name, (node.end_lineno or node.lineno) - node.lineno + 1) for node in functions),
        explained="One file: " in (ast.get_docstring(tree) or ""),
    )


def too_long(module: str, path: Path) -> list[str]:
    """What is longer in a module than it may be, with what to do about it."""
    file = measured(path)
    found = [f"{module} has {file.lines} lines; split it by idea"] if file.lines > MODULE_LINES else []
    long = [f"{module}.{name} has {lines} lines" for name, lines in file.functions if lines > FUNCTION_LINES]
    return [*found, *(f"{words}; split it by idea" for words in long)]


def unexplained(module: str, path: Path) -> list[str]:
    """What a long module fails to say in its docstring."""
    file = measured(path)
    if file.lines <= REASON_LINES or file.explained:
        return []
    return [f'{module} has {file.lines} lines: split it, or say why not by "One file: …"']


@of_each(code_modules())
def test_files_and_functions_stay_short(module: str) -> None:
    assert not too_long(module, modules()[module])


@pytest.mark.parametrize("folder", ["bench", "tests"])
def test_files_and_functions_of_bench_and_tests_stay_short(folder: str) -> None:
    assert not [words for module, path in modules_in(folder).items() for words in too_long(module, path)]


@of_each(code_modules())
def test_a_long_module_says_why_it_is_one_file(module: str) -> None:
    assert not unexplained(module, modules()[module])


@pytest.mark.parametrize("folder", ["bench", "tests"])
def test_a_long_module_of_bench_and_tests_says_why_it_is_one_file(folder: str) -> None:
    assert not [words for module, path in modules_in(folder).items() for words in unexplained(module, path)]


@of_each(code_modules())
def test_a_module_says_what_it_is_and_defers_its_annotations(module: str) -> None:
    assert ast.get_docstring(tree(module)), f"{module} has no docstring"
    deferred = any(one.name == "__future__" for one in imports(module))
    assert deferred, f"{module} lacks `from __future__ import annotations`"
