"""What the tests of the Compose tier share. They run by `make test-compose` alone: they start whole farms."""

from __future__ import annotations

import os
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from fleet.local.redis_server import free_port
from tests.support.compose import STANDINS, Farm, clean_copy, engine_answers
from tests.support.lacks import lacks

_BUILD_S = 900


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave this folder out unless it, or a file in it, is asked for by name."""
    asked = any("tests/compose" in str(argument) for argument in config.invocation_params.args)
    return None if asked or collection_path.name == "conftest.py" else True


#: each file takes the farm as the one before left it. The second and the eighth compare the ledger with the book of
#: the simulator, which is a new one after the ninth; the last leaves none
_ORDER = (
    "test_first_up.py",
    "test_farm.py",
    "test_security.py",
    "test_doctor.py",
    "test_steering.py",
    "test_steering_commands.py",
    "test_monitoring.py",
    "test_hosts.py",
    "test_history.py",
    "test_foreign_environments.py",
    "test_granted_memory.py",
    "test_own_authority.py",
    "test_bad_input.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run this folder's files in `_ORDER`, each from its top."""
    items.sort(key=lambda item: _ORDER.index(item.path.name) if item.path.parent == Path(__file__).parent else -1)


@pytest.fixture(scope="session")
def engine() -> None:
    """A Docker engine with Compose v2, by the stand-ins where an image registry can't be reached."""
    if not engine_answers() and STANDINS.is_file() and os.geteuid() == 0:
        subprocess.run([STANDINS], check=True, timeout=_BUILD_S)
    if not engine_answers():
        lacks("no Docker engine with Compose v2 answers")


@pytest.fixture(scope="session")
def farm(engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:  # noqa: ARG001 - it only has to be there
    """A farm in a clean copy of the project, its image built, not yet started; taken away with its volumes."""
    project = f"neonet-test-{secrets.token_hex(3)}"
    farm = Farm(
        folder=clean_copy(tmp_path_factory.mktemp("clone")),
        project=project,
        flower_port=free_port(),
        page_port=free_port(),
    )
    subprocess.run(
        ["docker", "compose", "build", "--quiet"], cwd=farm.folder, env=farm.environ, check=True, timeout=_BUILD_S
    )
    try:
        yield farm
    finally:
        farm.compose("--profile", "monitoring", "down", "--volumes", "--remove-orphans", "--timeout", "5", check=False)


@pytest.fixture(scope="session")
def second_build(farm: Farm) -> Iterator[subprocess.Popen[str]]:
    """A build of the image from nothing, which prints its id; begun by the first test that asks for it."""
    command = ["docker", "build", "--quiet", "--no-cache", "."]
    with subprocess.Popen(command, cwd=farm.folder, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


@pytest.fixture(scope="session")
def mining(farm: Farm) -> Farm:
    """The farm, started as the README says."""
    farm.compose("up", "--detach", "--wait")
    return farm


@pytest.fixture(scope="session")
def next_release(farm: Farm) -> Iterator[str]:
    """An image of a later release that speaks the same wire version."""
    name = f"{farm.project}:next"
    metadata = "/opt/fleet/lib/python3*/site-packages/neonet_fleet-*.dist-info/METADATA"
    steps = ["FROM neonet-fleet:0.1.0", "USER root", f"RUN sed -i 's/^Version: .*/Version: 0.1.1/' {metadata}"]
    build = ["docker", "build", "--quiet", "--tag", name, "-"]
    subprocess.run(build, input="\n".join([*steps, "USER 10001:10001"]).encode(), check=True, timeout=_BUILD_S)
    yield name
    subprocess.run(["docker", "rmi", "--force", name], check=False, capture_output=True)
