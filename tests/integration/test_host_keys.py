"""The keys of jobs and results: made for the farm and its own workers, given to hosts, renewed and revoked."""

from __future__ import annotations

import shutil
import stat
import time
from pathlib import Path

import pytest

from config.load import load
from config.settings import Settings
from config.sources import FARM_KEYS_FILE, WORKER_KEY_FILE
from fleet.errors import ServiceError
from fleet.hosts.farm_secrets import FarmSecrets, PublicAddress
from fleet.hosts.key_file import OWN_WORKERS, FarmKeys
from fleet.local.keys import own_keys
from tasks.signing import WorkerKey
from tests.support.processes import run_fleet

_PUBLISHED = PublicAddress(names=("10.0.0.5", "redis"), port=6380)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("keys", "redis", "coordinator", "worker", "flower"):
        (tmp_path / name).mkdir(mode=0o700)
    return tmp_path


@pytest.fixture
def farm(root: Path) -> FarmSecrets:
    made = FarmSecrets(root)
    made.write_files(("redis",))
    return made


def invite(farm: FarmSecrets, host: str) -> None:
    farm.invite(host, _PUBLISHED, release="0.1.0", wire=2, expires_at=4_000_000_000)


def keys_of(root: Path) -> FarmKeys:
    """What the coordinator reads."""
    return FarmKeys.decode((root / "coordinator" / FARM_KEYS_FILE).read_text())


def test_the_farms_own_workers_have_a_key_without_any_step(farm: FarmSecrets, root: Path) -> None:  # noqa: ARG001
    own = WorkerKey.decode((root / "worker" / WORKER_KEY_FILE).read_text())
    assert own == keys_of(root).worker_key(OWN_WORKERS)
    # the coordinator and the workers find them in their folders of secrets
    coordinator = load(environ={"FLEET_SECRETS_DIR": str(root / "coordinator")})
    assert coordinator.dispatch.keys_file == root / "coordinator" / FARM_KEYS_FILE
    worker = load(environ={"FLEET_SECRETS_DIR": str(root / "worker")})
    assert worker.worker.key is not None
    assert worker.worker.key.get_secret_value() == own.encode()
    assert not keys_of(root).keyless
    # a release that does not know these settings would not start on a variable that it has never heard of
    named = [path.name for path in root.rglob("FLEET_*")]
    assert not [name for name in named if "KEY" in name]
    flower = [path.name for path in (root / "flower").iterdir()]
    assert not [name for name in flower if "KEY" in name.upper()]


def test_a_farm_that_is_upgraded_accepts_unsigned_results_for_a_day_and_a_new_one_never(
    farm: FarmSecrets, root: Path
) -> None:
    assert keys_of(root).accept_until == 0
    # as an earlier release left it
    shutil.rmtree(root / "keys" / "signing")
    farm.write_files(("redis",))
    until = keys_of(root).accept_until
    assert 86_000 < until - time.time() <= 86_400
    farm.write_files(("redis",))
    assert keys_of(root).accept_until == until


def test_a_host_gets_a_key_of_its_own_and_a_new_one_with_each_invitation(farm: FarmSecrets, root: Path) -> None:
    invite(farm, "garage")
    invite(farm, "shed")
    first = farm.access("garage").key
    assert first is not None
    assert first.host == "garage"
    assert keys_of(root).hosts["garage"] == first.result
    assert len(set(keys_of(root).hosts.values())) == 3
    invite(farm, "garage")
    again = farm.access("garage").key
    assert again is not None
    assert again.result != first.result
    assert again.job == first.job
    assert keys_of(root).hosts["garage"] == again.result


def test_a_dismissed_host_has_no_key(farm: FarmSecrets, root: Path) -> None:
    invite(farm, "garage")
    farm.revoke("garage", ("redis",))
    assert set(keys_of(root).hosts) == {OWN_WORKERS}
    assert not [path for path in root.rglob("garage") if path.is_file()]
    with pytest.raises(ServiceError, match="no host 'garage' was invited"):
        farm.access("garage")


def test_a_host_that_joined_before_is_listed_without_a_key_until_it_is_invited_again(
    farm: FarmSecrets, root: Path
) -> None:
    invite(farm, "attic")
    # as an earlier release left it
    (root / "keys" / "signing" / "hosts" / "attic").unlink()
    farm.write_files(("redis",))
    assert keys_of(root).hosts["attic"] is None
    assert keys_of(root).keyless
    assert farm.access("attic").key is None
    invite(farm, "attic")
    assert not keys_of(root).keyless


def test_all_keys_are_replaced_on_demand_and_no_host_counts_as_one_that_joined_before(
    farm: FarmSecrets, root: Path
) -> None:
    invite(farm, "garage")
    before, passwords = keys_of(root), (root / "redis" / "users.acl").read_text()
    done = run_fleet("setup", f"--root={root}", "--new-keys", folder=root)
    assert done.returncode == 0, done.stderr
    assert "invite each host again" in done.stdout
    after = keys_of(root)
    assert set(after.hosts) == set(before.hosts)
    assert {after.job, after.seal, *after.hosts.values()}.isdisjoint({before.job, before.seal, *before.hosts.values()})
    assert not after.keyless
    assert (root / "redis" / "users.acl").read_text() == passwords


def test_a_damaged_key_is_named_and_not_shown(farm: FarmSecrets, root: Path) -> None:
    path = root / "keys" / "signing" / "seal"
    path.write_text("abcdef")
    with pytest.raises(ServiceError, match=r"signing/seal holds no key of 32 bytes") as caught:
        farm.write_files(("redis",))
    assert "abcdef" not in str(caught.value)


def test_what_offer_prints_admit_takes(farm: FarmSecrets, root: Path) -> None:
    invite(farm, "garage")
    offered = run_fleet("offer", f"--root={root}", "garage", folder=root)
    password, key = offered.stdout.splitlines()
    assert password == farm.hosts()["garage"]
    assert WorkerKey.decode(key) == farm.access("garage").key
    done = run_fleet("offer", f"--root={root}", "nobody", folder=root)
    assert done.returncode == 69
    assert "no host 'nobody' was invited; there are: garage" in done.stderr


def test_fleet_up_makes_its_keys_once_and_keeps_them_private(tmp_path: Path) -> None:
    made = own_keys(Settings(), tmp_path)
    assert own_keys(Settings(), tmp_path) == made
    file = Path(made.coordinator["FLEET_DISPATCH__KEYS_FILE"])
    keys = FarmKeys.decode(file.read_text())
    assert WorkerKey.decode(made.worker["FLEET_WORKER__KEY"]) == keys.worker_key(OWN_WORKERS)
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.rglob("*") if path.is_file()} == {0o600}
    assert made.worker["FLEET_WORKER__KEY"] not in repr(made)


def test_fleet_up_on_a_redis_of_others_signs_only_with_keys_that_the_settings_name(tmp_path: Path) -> None:
    shared = {"redis_url": "redis://127.0.0.1:6379/0"}
    assert own_keys(Settings.model_validate(shared), tmp_path).coordinator == {}
    named = own_keys(Settings(), tmp_path / "named").coordinator["FLEET_DISPATCH__KEYS_FILE"]
    given = Settings.model_validate(shared | {"dispatch": {"keys_file": named}})
    assert own_keys(given, tmp_path).coordinator == {"FLEET_DISPATCH__KEYS_FILE": named}
    assert own_keys(given, tmp_path).worker
    missing = Settings.model_validate(shared | {"dispatch": {"keys_file": str(tmp_path / "none")}})
    with pytest.raises(ServiceError, match=r"dispatch\.keys_file .*none can't be used"):
        own_keys(missing, tmp_path)
