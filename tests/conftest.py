"""Fixtures and settings for the tests of every tier."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from hypothesis import settings as hypothesis_settings

from config.hiding import hide_by, without_addresses
from fleet.server.http.choice import EngineName
from tasks.host.blas import blas_variables
from tests.support import redis_server
from tests.support.engines import ENGINES

# before numpy loads: what a test computes itself has to be what the workers of this host compute
os.environ |= {name: code for name, code in blas_variables().items() if name == "OPENBLAS_CORETYPE"}

# the machine is shared, so a slow example is no failure
hypothesis_settings.register_profile("farm", deadline=None, print_blob=True)
hypothesis_settings.load_profile("farm")

_UNIT = Path(__file__).parent / "unit"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with whole farms in virtual time, which compute for a minute or more: at the end, all would wait."""
    items.sort(key=lambda item: item.path.parent != _UNIT)


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the settings of whoever runs the tests."""
    for name in [name for name in os.environ if name.upper().startswith("FLEET_")]:
        monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def ids_hidden_by_their_form() -> Iterator[None]:
    """Forget the names by which a coordinator that ran in this process hid its miners' ids."""
    yield
    hide_by(without_addresses)


@pytest.fixture
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder without `.env`, `fleet.toml` and secrets."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secrets").mkdir()
    monkeypatch.setenv("FLEET_SECRETS_DIR", str(tmp_path / "secrets"))
    return tmp_path


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> EngineName:
    """Each HTTP engine in turn."""
    name: EngineName = request.param
    return name


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL, password included, of one real Redis for the whole session."""
    with redis_server.running(redis_server.binary(), tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture
def empty_redis_url(redis_url: str) -> Iterator[str]:
    """The URL of the session's Redis, emptied for this test, and after it for those that don't ask for that."""
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()
        yield redis_url
        client.flushall()
