"""The house as a ladder: which file may import which, held as data and checked by reading every file."""

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
PACKAGES = ("config", "tasks", "fleet")

#: One line a rung, lowest first: modules, or packages for everything in them. A module imports from lower rungs only,
#: and inside its own package; two entries of one rung don't know each other. Place a new module above what it imports.
LADDER: tuple[tuple[str, ...], ...] = (
    ("config",),
    (
        "tasks.errors",
        "tasks.jobtypes",
        "tasks.host.cgroup",
        "tasks.host.open_files",
        "tasks.host.processor",
        "tasks.host.blas",
        "tasks.broker.redis_clock",
        "tasks.broker.redis_version",
        "tasks.strict_json",
        "tasks.host.stopping",
        "tasks.worker.failures",
        "tasks.host.vital",
        "tasks.host.systemd",
        "tasks.text",
        "tasks.flower.basic_auth",
        "tasks.flower.guesses",
        "tasks.broker.newcomers",
        "tasks.host.hangup",
        "tasks.host.suspension",
    ),
    (
        "tasks.messages",
        "tasks.compute.digest",
        "tasks.compute.payloads",
        "tasks.broker.redis_client",
        "tasks.host.hardware",
        "tasks.host.oom",
        "tasks.host.pool_size",
    ),
    ("tasks.compute.kernels", "tasks.worker.bundle", "tasks.flower.plain_events", "tasks.broker.envelope"),
    ("tasks.broker.transport",),
    (
        "tasks.compute.catalog",
        "tasks.worker.bundle_events",
        "tasks.worker.backend",
        "tasks.broker.handshake",
        "tasks.broker.presence",
        "tasks.flower.pages",
    ),
    ("tasks.worker.app", "tasks.worker.watchdog", "tasks.worker.selftest"),
    ("tasks.worker.strategy",),
    ("tasks.worker.run", "tasks.flower.start"),
    ("tasks.__main__",),
    ("fleet.simulator",),
    ("fleet.domain.proof", "fleet.domain.causes", "fleet.ledger.chain", "fleet.domain.amounts"),
    ("fleet.money.scopes",),
    (
        "fleet.errors",
        "fleet.domain.jobs",
        "fleet.miner.backoff",
        "fleet.server.pages",
        "fleet.server.flawed_json",
        "fleet.server.verdict",
    ),
    ("fleet.server.numbers", "fleet.crew"),
    (
        "fleet.broker.admission",
        "fleet.server.authorities",
        "fleet.domain.calls",
        "fleet.miner.resends",
        "fleet.ratelimit.capacity",
        "fleet.server.denials",
        "fleet.domain.effects",
        "fleet.exact_json",
        "fleet.money.float_sums",
        "fleet.money.reconcile",
        "fleet.server.protocol",
        "fleet.server.http",
        "fleet.coordinator.miner_ids",
        "fleet.ledger.version",
        "fleet.miner.policy",
        "fleet.coordinator.lines",
        "fleet.miner.session",
        "fleet.broker.stream",
        "fleet.broker.tampering",
        "fleet.ratelimit.window_estimator",
        "fleet.hosts.redis_acl",
        "fleet.hosts.secret_files",
        "fleet.hosts.systemd",
        "fleet.domain.wall_clock",
        "fleet.hosts.unit_paths",
    ),
    (
        "fleet.server.client",
        "fleet.server.prospect",
        "fleet.ratelimit.governor",
        "fleet.money.unproved",
        "fleet.money.session_sum",
        "fleet.broker.host_tally",
        "fleet.miner.job",
        "fleet.broker.results",
        "fleet.broker.presence",
        "fleet.broker.lease",
        "fleet.hosts.certificates",
        "fleet.hosts.invitation",
        "fleet.hosts.joining",
        "fleet.broker.bundling",
        "fleet.coordinator.outage",
    ),
    ("fleet.money.books", "fleet.coordinator.drain", "fleet.broker.refusals"),
    ("fleet.money.session_pay",),
    (
        "fleet.ratelimit.openings",
        "fleet.money.balance",
        "fleet.miner.strikes",
        "fleet.domain.turn",
        "fleet.miner.job_notices",
        "fleet.ledger.column_types",
        "fleet.miner.phase",
        "fleet.miner.lanes",
        "fleet.miner.farewell",
        "fleet.miner.retry",
        "fleet.miner.fetch_pause",
        "fleet.ratelimit.share",
        "fleet.coordinator.queues",
        "fleet.miner.audit_schedule",
    ),
    (
        "fleet.miner.jobs",
        "fleet.miner.abandoned",
        "fleet.ledger.schema",
        "fleet.hosts.farm_secrets",
        "fleet.hosts.join",
    ),
    (
        "fleet.ledger.statements",
        "fleet.ledger.holder",
        "fleet.ledger.mounts",
        "fleet.ledger.heads",
        "fleet.ledger.file",
        "fleet.ledger.server_claim",
        "fleet.private_files",
    ),
    ("fleet.ledger.trouble",),
    (
        "fleet.miner.miner",
        "fleet.ledger.migrations",
        "fleet.ledger.clock",
        "fleet.ledger.entries",
        "fleet.ledger.connection",
        "fleet.ledger.start_state",
        "fleet.ledger.wait",
        "fleet.ledger.reports.export",
    ),
    (
        "fleet.ledger.engine",
        "fleet.ledger.lock",
        "fleet.ledger.jobs",
        "fleet.ledger.reports.job_history",
        "fleet.ledger.reports.differences",
    ),
    ("fleet.ledger.cross_checks",),
    ("fleet.ledger.writer", "fleet.ledger.runs", "fleet.ledger.reports.verify"),
    ("fleet.ledger.ledger", "fleet.ledger.places", "fleet.coordinator.scheduler"),
    ("fleet.coordinator.pending", "fleet.ledger.head_post"),
    ("fleet.ledger.witness",),
    ("fleet.coordinator.bookkeeper",),
    ("fleet.broker.dispatch", "fleet.coordinator.loop", "fleet.ledger.reports.sqlite_reader"),
    (
        "fleet.coordinator.output",
        "fleet.coordinator.alive_file",
        "fleet.ledger.reports.rewards",
        "fleet.ledger.reports.losses",
        "fleet.ledger.reports.scopes",
    ),
    ("fleet.coordinator.summary",),
    ("fleet.coordinator.watchdog", "fleet.local.processes", "fleet.local.stillness"),
    ("fleet.coordinator.startup",),
    ("fleet.local.redis_server",),
    ("fleet.local.supervisor",),
    ("fleet.commands",),
    ("fleet.cli",),
    ("fleet.__main__",),
)

#: Package → the only modules (patterns) that may import it. A package without a row is nobody's yet.
BORDERS: dict[str, tuple[str, ...]] = {
    "numpy": ("tasks.compute.kernels.*", "tasks.compute.catalog", "tasks.compute.digest"),
    "pycurl": ("fleet.server.http",),
    "certifi": ("fleet.server.http",),
    "asyncio": ("fleet.server.http", "fleet.simulator.*"),
    # SQLAlchemy takes longer to load than a report of sums to make.
    "sqlite3": ("fleet.ledger.reports.sqlite_reader",),
    "sqlalchemy": ("fleet.ledger.ledger*", "fleet.ledger.schema"),
    "celery": (
        "tasks.worker.app",
        "tasks.worker.backend",
        "tasks.worker.bundle*",
        "tasks.flower.pages",
        "tasks.broker.presence",
        "tasks.worker.strategy",
        "tasks.worker.run",
        "fleet.broker.dispatch",
        "fleet.broker.results",
    ),
    "flower": ("tasks.flower.pages",),
    "kombu": (
        "tasks.worker.app",
        "tasks.worker.backend",
        "tasks.broker.transport",
        "tasks.worker.run",
        "fleet.broker.dispatch",
        "fleet.broker.results",
    ),
    "billiard": ("tasks.worker.app", "tasks.worker.backend", "tasks.worker.run"),
    # fleet.local.redis_server asks the Redis that it started whether it is ready.
    "redis": (
        "tasks.worker.app",
        "tasks.worker.backend",
        "tasks.broker.handshake",
        "tasks.broker.presence",
        "tasks.broker.redis_client",
        "tasks.broker.redis_clock",
        "tasks.broker.transport",
        "tasks.worker.watchdog",
        "tasks.worker.run",
        "fleet.broker.dispatch",
        "fleet.broker.results",
        "fleet.hosts.joining",
        "fleet.broker.lease",
        "fleet.broker.presence",
        "fleet.local.redis_server",
        "fleet.broker.stream",
        "fleet.broker.tampering",
    ),
    "tornado": ("fleet.simulator.*", "fleet.web.*", "tasks.flower.pages"),
    "click": ("fleet.cli", "fleet.commands.*", "fleet.coordinator.lines"),
    "rich": ("fleet.cli", "fleet.commands.*", "fleet.output*"),
    "psutil": ("fleet.local.supervisor", "tasks.host.hardware", "tasks.worker.run"),
    "pydantic": ("config.*", "tasks.compute.payloads.*", "fleet.simulator.*"),
    "pydantic_core": ("config.*",),
    "pydantic_settings": ("config.*",),
    "dotenv": ("config.*",),
}

#: Importer (pattern) → what (patterns) it must not reach, however many imports lie between.
OUT_OF_REACH: dict[str, tuple[str, ...]] = {
    "config.*": ("tasks.*", "fleet.*"),
    "tasks.*": ("fleet.*",),
    "fleet.*": ("tasks.compute.kernels.*", "tasks.compute.catalog", "numpy"),
    "tasks.messages": ("celery", "kombu", "redis", "numpy"),
}

#: Modules outside `config` that touch the environment, and why they may.
ENVIRONMENT: dict[str, str] = {
    "fleet.commands.worker": "the worker that the command becomes inherits the environment",
    "fleet.local.supervisor": "the farm's processes inherit the environment",
    "fleet.commands.join": "the worker gets the environment that this process was started in, and its secrets' folder",
    "tasks.host.systemd": "systemd says there whom it watches, and where to answer",
    "tasks.host.blas": "numpy reads the number of its threads from there when it loads, and offers no other way",
}

MODULE_LINES = 350
FUNCTION_LINES = 60


@dataclass(frozen=True, kw_only=True, slots=True)
class Import:
    """One imported module; `top` is whether the statement stands at the top level of its file."""

    name: str
    line: int
    top: bool


@cache
def modules() -> dict[str, Path]:
    """Every module of the packages by its dotted name."""
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
    """What `module` imports, names of modules resolved: `from fleet import calls` is `fleet.domain.calls`."""
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
    """The imports of the project's own modules; a package's `__init__` is a docstring and counts for nothing."""
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
    """Every module, own or foreign, that importing `module` loads, with the module that asks for it."""
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
ADD_NOTHING: dict[str, str] = {
    "fleet.server.numbers": "it reads amounts one by one",
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
    # what the simulated server pays is a float
    assert {name for name in bare if not name.startswith("fleet.simulator.")} == set(ADD_NOTHING)


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


@pytest.mark.parametrize("module", code_modules())
def test_files_and_functions_stay_short(module: str) -> None:
    lines = len(modules()[module].read_text(encoding="utf-8").splitlines())
    assert lines <= MODULE_LINES, f"{module} has {lines} lines; split it by idea"
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= FUNCTION_LINES, f"{module}.{node.name} has {length} lines; split it by idea"


@pytest.mark.parametrize("module", code_modules())
def test_a_module_says_what_it_is_and_defers_its_annotations(module: str) -> None:
    assert ast.get_docstring(tree(module)), f"{module} has no docstring"
    deferred = any(one.name == "__future__" for one in imports(module))
    assert deferred, f"{module} lacks `from __future__ import annotations`"
