"""The rules of imports, held as data: which module may import which, and which may touch the environment.

One file: the tables are most of it, and each of them has one test.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter

import pytest

from tests.support.of_each import of_each
from tests.support.source_tree import PACKAGES, ROOT, code_modules, imports, matches, modules, own, reached, tree

#: One line a rung, lowest first: modules, or packages for everything in them. A module imports from lower rungs only,
#: and inside its own package; two entries of one rung don't know each other. The longest entry that fits a module is
#: its own. Place a new module above what it imports.
LADDER: tuple[tuple[str, ...], ...] = (
    ("config",),
    ("tasks.compact_json", "tasks.errors", "tasks.jobtypes", "tasks.kinds", "tasks.strict_json", "tasks.text"),
    ("tasks.data_size", "tasks.host", "tasks.wire_versions"),
    ("tasks.messages", "tasks.signing"),
    ("tasks.compute", "tasks.job_queues"),
    ("tasks.broker",),
    ("tasks.bench",),
    ("tasks.worker",),
    ("tasks.flower",),
    ("tasks.start",),
    ("tasks.__main__",),
    ("fleet.simulator",),
    ("fleet.errors", "fleet.private_files"),
    ("fleet.threads", "fleet.domain"),
    ("fleet.exact_json", "fleet.server", "fleet.ratelimit", "fleet.hosts", "fleet.earning", "fleet.audit"),
    ("fleet.money",),
    ("fleet.miner", "fleet.tokens", "fleet.control"),
    ("fleet.broker", "fleet.ledger"),
    ("fleet.status",),
    ("fleet.health",),
    ("fleet.top", "fleet.alerts", "fleet.schedule"),
    ("fleet.web", "fleet.tracing"),
    ("fleet.coordinator.scheduling",),
    ("fleet.coordinator.steering",),
    ("fleet.coordinator",),
    ("fleet.coordinator.output",),
    ("fleet.coordinator.observing",),
    ("fleet.coordinator.startup",),
    ("fleet.local",),
    ("fleet.doctor",),
    ("fleet.commands",),
    ("fleet.cli",),
    ("fleet.__main__",),
)

#: Package → the only modules (patterns) that may import it. A package without a row is nobody's yet.
BORDERS: dict[str, tuple[str, ...]] = {
    "numpy": ("tasks.compute.kernels.*", "tasks.compute.catalog"),
    "cupy": ("tasks.compute.kernels.gpu",),
    "array_api_compat": ("tasks.compute.kernels.gpu",),
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
        "tasks.broker.repeating_step",
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
        "fleet.doctor.host_key",
        "fleet.doctor.redis_health",
        "fleet.hosts.joining",
        "fleet.local.redis_server",
    ),
    "tornado": (
        "fleet.simulator.*",
        "fleet.web.*",
        "tasks.flower.pages",
        "tasks.flower.http_server",
        "tasks.flower.crowded_server",
    ),
    "click": ("fleet.cli", "fleet.commands.*", "fleet.coordinator.output.lines"),
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
        "fleet.ledger.proof.chain",
        "fleet.ledger.column_types",
        "fleet.domain.*",
    ),
}

#: Modules outside `config` that touch the environment, and why they may.
ENVIRONMENT: dict[str, str] = {
    "fleet.commands.worker": "the worker that the command becomes inherits the environment",
    "fleet.commands.host_speed": "the process that measures inherits the environment, without secrets",
    "fleet.commands.recomputing": "the process that computes inherits the environment, without secrets",
    "fleet.local.supervisor": "the farm's processes inherit the environment",
    "fleet.commands.join": "the worker gets the environment that this process was started in, and its secrets' folder",
    "fleet.doctor.host_settings": "a host's workers read the environment, and the invitation's folder beside it",
    "fleet.alerts.outbox": "the process that delivers messages inherits the way to the internet, and no settings",
    "tasks.host.systemd": "systemd says there whom it watches, and where to answer",
    "tasks.compute.kernels.gpu": "CUDA and CuPy read there how to number GPUs and round, and offer no other way",
    "tasks.host.blas": "BLAS reads there how to compute when numpy loads, and offers no other way",
}


def place(module: str) -> tuple[int, str] | None:
    """The rung of `module` and the longest entry that names it."""
    spots = [
        (rung, entry)
        for rung, entries in enumerate(LADDER)
        for entry in entries
        if f"{module}.".startswith(f"{entry}.")
    ]
    return max(spots, key=lambda spot: len(spot[1]), default=None)


@of_each(code_modules())
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


@of_each(code_modules())
def test_own_modules_are_imported_at_the_top_of_a_file_only(module: str) -> None:
    hidden = [f"{one.name} in line {one.line}" for one in own(module) if not one.top]
    assert not hidden, f"{module} imports {hidden} inside a block; the value that needs it lives in the wrong file"


@of_each(code_modules())
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


@of_each(code_modules())
def test_no_module_reaches_what_it_must_not_know(module: str) -> None:
    forbidden = [name for importer, names in OUT_OF_REACH.items() if matches(module, (importer,)) for name in names]
    for name, asker in reached(module).items():
        known = matches(name, tuple(forbidden)) or matches(name.split(".")[0], tuple(forbidden))
        assert not known, f"{module} reaches {name}, through {asker}"


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("tasks.messages", ("celery", "kombu", "numpy", "redis")),
        # a shell that completes a command waits for it
        ("fleet.cli", ("pydantic", "rich.console", "requests", "redis", "numpy")),
    ],
)
def test_what_starts_often_loads_nothing_heavy(module: str, heavy: tuple[str, ...]) -> None:
    code = f"import sys, {module}; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


#: Modules of `fleet` with amounts that load no `fleet.domain.amounts`, which makes sums exact, and why they may.
WITHOUT_AMOUNTS: dict[str, str] = {
    "fleet.domain.session_effects": "it holds amounts and adds none",
    "fleet.domain.wallets": "it holds amounts and adds none",
    "fleet.server.numbers": "it reads amounts one by one",
    "fleet.status.snapshot": "it holds amounts and adds none",
    "fleet.schedule.prices": "it holds prices and adds none",
    "fleet.schedule.farm_plan": "it compares prices and adds none",
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


@of_each(name for name in code_modules() if not name.startswith("config."))
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
