"""The rules of the tree, held as data: which file may import which, how long it may be, and where its tests are."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
UNIT = ROOT / "tests" / "unit"
PACKAGES = ("config", "tasks", "fleet")

#: One line a rung, lowest first: modules, or packages for everything in them. A module imports from lower rungs only,
#: and inside its own package; two entries of one rung don't know each other. Place a new module above what it imports.
LADDER: tuple[tuple[str, ...], ...] = (
    ("config",),
    ("tasks.compact_json", "tasks.errors", "tasks.jobtypes", "tasks.strict_json", "tasks.text"),
    ("tasks.messages", "tasks.host"),
    ("tasks.compute", "tasks.broker"),
    ("tasks.worker", "tasks.bench"),
    ("tasks.flower",),
    ("tasks.start",),
    ("tasks.__main__",),
    ("fleet.simulator",),
    ("fleet.errors", "fleet.private_files"),
    ("fleet.threads", "fleet.domain"),
    ("fleet.exact_json", "fleet.server", "fleet.ratelimit", "fleet.hosts", "fleet.earning"),
    ("fleet.money",),
    ("fleet.miner", "fleet.tokens"),
    ("fleet.broker", "fleet.ledger"),
    ("fleet.status",),
    ("fleet.health",),
    ("fleet.top", "fleet.alerts"),
    ("fleet.web", "fleet.tracing"),
    ("fleet.coordinator",),
    ("fleet.local",),
    ("fleet.doctor",),
    ("fleet.commands",),
    ("fleet.cli",),
    ("fleet.__main__",),
)

#: Package → the only modules (patterns) that may import it. A package without a row is nobody's yet.
BORDERS: dict[str, tuple[str, ...]] = {
    "numpy": ("tasks.compute.kernels.*", "tasks.compute.catalog"),
    "pycurl": ("fleet.server.http.by_curl",),
    "requests": ("fleet.server.http.request_thread", "fleet.server.http.failures", "fleet.server.http.proxy"),
    "urllib3": ("fleet.server.http.request_thread", "fleet.server.http.failures", "fleet.server.http.watched"),
    "certifi": ("fleet.server.http.by_curl", "fleet.server.http.request_thread"),
    "asyncio": ("fleet.server.http.*", "fleet.simulator.*", "fleet.web.*", "fleet.doctor.server"),
    # SQLAlchemy takes longer to load than a report of sums to make.
    "sqlite3": ("fleet.ledger.reports.sqlite_reader",),
    "sqlalchemy": ("fleet.ledger.*",),
    "celery": (
        "tasks.worker.*",
        "tasks.flower.pages",
        "tasks.broker.presence",
        "fleet.broker.dispatch",
    ),
    "flower": ("tasks.flower.pages", "tasks.flower.queue_lengths", "tasks.flower.http_server"),
    "kombu": (
        "tasks.worker.*",
        "tasks.broker.transport",
        "fleet.broker.dispatch",
    ),
    "billiard": ("tasks.worker.*",),
    # fleet.local.redis_server asks the Redis that it started whether it is ready.
    "redis": (
        "tasks.worker.*",
        "tasks.broker.*",
        "tasks.flower.queue_lengths",
        "fleet.broker.*",
        "fleet.doctor.redis_health",
        "fleet.hosts.joining",
        "fleet.local.redis_server",
    ),
    "tornado": ("fleet.simulator.*", "fleet.web.*", "tasks.flower.pages", "tasks.flower.http_server"),
    "click": ("fleet.cli", "fleet.commands.*", "fleet.coordinator.lines"),
    "rich": ("fleet.commands.*", "fleet.top.*"),
    "textual": ("fleet.top.*",),
    "prometheus_client": ("fleet.web.*",),
    "jinja2": ("fleet.web.rendering",),
    "markupsafe": ("fleet.web.*",),
    "opentelemetry": ("fleet.tracing.otlp",),
    "pydantic": ("config.*", "fleet.simulator.*"),
    "pydantic_core": ("config.*",),
    "pydantic_settings": ("config.*",),
    "dotenv": ("config.*",),
    "threadpoolctl": ("tasks.compute.inventory",),
    "apprise": ("fleet.alerts.deliver",),
}

#: Importer (pattern) → what (patterns) it must not reach, however many imports lie between.
OUT_OF_REACH: dict[str, tuple[str, ...]] = {
    "config.*": ("tasks.*", "fleet.*"),
    "tasks.*": ("fleet.*",),
    "fleet.*": ("tasks.compute.kernels.*", "tasks.compute.catalog", "numpy"),
    "tasks.messages": ("celery", "kombu", "redis", "numpy"),
    # what a step of migration reads of the project could change, and with it what the step does to an old ledger
    "fleet.ledger.migrations.from_*": ("config.*", "tasks.*", "fleet.*"),
    "fleet.ledger.migrations.run": (
        "fleet.ledger.schema",
        "fleet.ledger.chain",
        "fleet.ledger.column_types",
        "fleet.domain.*",
    ),
}

#: Modules outside `config` that touch the environment, and why they may.
ENVIRONMENT: dict[str, str] = {
    "fleet.commands.worker": "the worker that the command becomes inherits the environment",
    "fleet.commands.host_speed": "the process that measures inherits the environment, without secrets",
    "fleet.local.supervisor": "the farm's processes inherit the environment",
    "fleet.commands.join": "the worker gets the environment that this process was started in, and its secrets' folder",
    "fleet.doctor.host_settings": "a host's workers read the environment, and the invitation's folder beside it",
    "fleet.alerts.outbox": "the process that delivers messages inherits the way to the internet, and no settings",
    "tasks.host.systemd": "systemd says there whom it watches, and where to answer",
    "tasks.host.blas": "numpy reads the number of its threads from there when it loads, and offers no other way",
}

#: Unit tests of more than one module, by their path in tests/unit, and what they test.
TOPICS: dict[str, str] = {
    "fleet/test_foreign_text.py": "text of a server on its way through client, miner, ledger and output",
    "tasks/compute/kernels/test_numeric_kernels.py": "the kernels that multiply, reduce and hash",
    "test_map.py": "docs/map.md",
    "test_planted_bugs.py": "tests/virtual: its laws find bugs that are put in on purpose",
    "test_troubleshooting.py": "docs/troubleshooting.md",
    "test_virtual_time.py": "whole farms under virtual time",
    "test_way_of_a_job.py": "docs/architecture.md",
}

MODULE_LINES = 300
FUNCTION_LINES = 40
#: Above this many lines, a module's docstring has a sentence that begins with "One file:" and says why it is one.
REASON_LINES = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Import:
    """One imported module; `top` is whether the statement is at the top level of its file."""

    name: str
    line: int
    top: bool


@cache
def modules() -> dict[str, Path]:
    """Every module of the packages, by its dotted name."""
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


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


def place(module: str) -> tuple[int, str] | None:
    """The rung of `module` and the entry that names it."""
    for rung, entries in enumerate(LADDER):
        for entry in entries:
            if module == entry or module.startswith(f"{entry}."):
                return rung, entry
    return None


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


@pytest.mark.parametrize("module", code_modules())
def test_a_module_imports_lower_rungs_only(module: str) -> None:
    spot = place(module)
    assert spot is not None, (
        f"{module} has no rung: add its name to LADDER in tests/test_architecture.py, above everything that it imports"
    )
    rung, entry = spot
    for one in own(module):
        target = place(one.name)
        assert target is not None, f"{one.name}, imported by {module}:{one.line}, is no module on the LADDER"
        below = target[0] < rung or target[1] == entry
        assert below, f"{module}:{one.line} (rung {rung}) imports {one.name} (rung {target[0]}), which isn't below it"


def test_every_rung_names_something_that_exists() -> None:
    gone = [entry for entries in LADDER for entry in entries if entry not in modules()]
    assert not gone, f"LADDER names {gone}, which are no modules"


def test_imports_form_no_circle() -> None:
    graph = {module: {one.name for one in own(module)} for module in code_modules()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as exc:
        pytest.fail(f"a circle of imports: {' → '.join(exc.args[1])}")


@pytest.mark.parametrize("module", code_modules())
def test_own_modules_are_imported_at_the_top_of_a_file_only(module: str) -> None:
    hidden = [f"{one.name} in line {one.line}" for one in own(module) if not one.top]
    assert not hidden, f"{module} imports {hidden} inside a block; the value that needs it lives in the wrong file"


@pytest.mark.parametrize("module", code_modules())
def test_a_foreign_package_is_imported_only_at_its_border(module: str) -> None:
    for one in imports(module):
        package = one.name.split(".")[0]
        if package in PACKAGES or package in sys.stdlib_module_names:
            continue
        assert package in BORDERS, f"{module}:{one.line} imports {package}, which has no row in BORDERS"
        allowed = matches(module, BORDERS[package])
        assert allowed, f"{module}:{one.line} imports {package}, which only {BORDERS[package]} may"


@pytest.mark.parametrize(("package", "pattern"), [(name, one) for name, some in BORDERS.items() for one in some])
def test_each_permission_at_a_border_is_made_use_of(package: str, pattern: str) -> None:
    users = [name for name in code_modules() if package in {one.name.split(".")[0] for one in imports(name)}]
    assert any(matches(name, (pattern,)) for name in users), (
        f"BORDERS lets {pattern} import {package}; nothing there does"
    )


@pytest.mark.parametrize("module", code_modules())
def test_no_module_reaches_what_it_must_not_know(module: str) -> None:
    forbidden = [name for importer, names in OUT_OF_REACH.items() if matches(module, (importer,)) for name in names]
    for name, asker in reached(module).items():
        known = matches(name, tuple(forbidden)) or matches(name.split(".")[0], tuple(forbidden))
        assert not known, f"{module} reaches {name}, through {asker}"


def test_the_wire_loads_neither_numpy_nor_celery() -> None:
    code = "import sys, tasks.messages; print([n for n in ('celery', 'kombu', 'numpy', 'redis') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


#: Modules of `fleet` with amounts that load no `fleet.domain.amounts`, which makes sums exact, and why they may.
WITHOUT_AMOUNTS: dict[str, str] = {
    "fleet.domain.wallets": "it holds amounts and adds none",
    "fleet.server.numbers": "it reads amounts one by one",
    "fleet.status.snapshot": "it holds amounts and adds none",
    "fleet.ledger.migrations.from_1": "it adds amounts in an exact context of its own",
    "fleet.ledger.migrations.from_7": "as from_1",
}


def test_whatever_adds_amounts_loads_what_makes_sums_exact() -> None:
    hold_amounts = [
        name
        for name in code_modules()
        if name.startswith("fleet.") and any(one.name == "decimal" for one in imports(name))
    ]
    bare = {
        name for name in hold_amounts if name != "fleet.domain.amounts" and "fleet.domain.amounts" not in reached(name)
    }
    # the simulated server pays with floats
    assert {name for name in bare if not name.startswith("fleet.simulator.")} == set(WITHOUT_AMOUNTS)


@pytest.mark.parametrize("module", [name for name, path in modules().items() if path.name == "__init__.py"])
def test_an_init_file_is_a_docstring(module: str) -> None:
    assert ast.get_docstring(tree(module)), f"{module}/__init__.py has no docstring"
    assert len(tree(module).body) == 1, f"{module}/__init__.py holds more than its docstring"


@pytest.mark.parametrize("module", [name for name in code_modules() if not name.startswith("config.")])
def test_only_config_touches_the_environment(module: str) -> None:
    touched = any(
        (isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv", "putenv", "environb"})
        or (isinstance(node, ast.ImportFrom) and {a.name for a in node.names} & {"environ", "getenv", "putenv"})
        for node in ast.walk(tree(module))
    )
    assert touched == (module in ENVIRONMENT), (
        f"{module} {'touches' if touched else 'no longer touches'} the environment: "
        "take a setting as an argument instead, or put the module and its reason into ENVIRONMENT, or take it out"
    )


def test_no_two_classes_have_one_name() -> None:
    places: dict[str, list[str]] = {}
    for module in code_modules():
        for node in ast.walk(tree(module)):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places.setdefault(node.name, []).append(module)
    twice = {name: found for name, found in places.items() if len(found) > 1}
    assert not twice, f"two things of one name: {twice}"


@pytest.mark.parametrize("module", code_modules())
def test_files_and_functions_stay_short(module: str) -> None:
    lines = {module: len(modules()[module].read_text(encoding="utf-8").splitlines())}
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            name, length = f"{module}.{node.name}", (node.end_lineno or node.lineno) - node.lineno + 1
            lines[name] = max(length, lines.get(name, 0))
    for name, count in lines.items():
        too_long = count > (MODULE_LINES if name == module else FUNCTION_LINES)
        assert not too_long, f"{name} has {count} lines; split it by idea"


@pytest.mark.parametrize("module", code_modules())
def test_a_long_module_says_why_it_is_one_file(module: str) -> None:
    lines = len(modules()[module].read_text(encoding="utf-8").splitlines())
    reason = "One file: " in (ast.get_docstring(tree(module)) or "")
    assert reason or lines <= REASON_LINES, f'{module} has {lines} lines: split it, or say why not by "One file: …"'


@pytest.mark.parametrize("module", code_modules())
def test_a_module_says_what_it_is_and_defers_its_annotations(module: str) -> None:
    assert ast.get_docstring(tree(module)), f"{module} has no docstring"
    deferred = any(one.name == "__future__" for one in imports(module))
    assert deferred, f"{module} lacks `from __future__ import annotations`"


def named_module(path: Path) -> Path | None:
    """The module that a unit test names: `a/test_b_c.py` in tests/unit names `a/b_c.py`, or else `a/b.py`."""
    words = path.stem.removeprefix("test_").split("_")
    names = ["_".join(words[:count]) for count in range(len(words), 0, -1)]
    found = (ROOT / path.parent / f"{name}.py" for name in names)
    return next((module for module in found if module.is_file()), None)


@pytest.mark.parametrize("path", sorted(str(path.relative_to(UNIT)) for path in UNIT.rglob("test_*.py")))
def test_a_unit_test_names_its_module(path: str) -> None:
    named = named_module(Path(path)) is not None
    assert named != (path in TOPICS), (
        f"tests/unit/{path} is in TOPICS and names a module as well: take it out of TOPICS"
        if named
        else f"tests/unit/{path} names no module: fleet/miner/retry.py has its tests in "
        "tests/unit/fleet/miner/test_retry.py or test_retry_TOPIC.py; a test of more than one module goes into TOPICS"
    )


@pytest.mark.parametrize("path", TOPICS)
def test_each_topic_has_its_test(path: str) -> None:
    assert (UNIT / path).is_file(), f"TOPICS names tests/unit/{path}, which does not exist"
