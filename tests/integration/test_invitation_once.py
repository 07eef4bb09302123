"""An invitation is used once, expires, opens nothing else, and is seen by no other user of the host that joins.

One file: all of its tests need the same Redis behind TLS.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import pytest
import redis
from redis.exceptions import NoPermissionError

from config.sources import WORKER_KEY_FILE
from fleet.errors import ServiceError
from fleet.hosts.farm_secrets import FarmSecrets, PublicAddress
from fleet.hosts.invitation import Invitation
from fleet.hosts.join import join_farm
from fleet.hosts.joining import Access, hand_over
from fleet.hosts.redis_acl import user_of_guest
from fleet.local.redis_server import free_port
from tasks.messages import JOIN_KEY_PREFIX
from tasks.signing import WorkerKey
from tasks.wire_versions import WIRE_VERSION
from tests.support.processes import FLEET, environ, eventually, run_fleet, started
from tests.support.redis_server import binary
from tests.support.tls_front import tls_front

_WEEK_S = 7 * 86_400.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Inviting:
    """A farm whose Redis knows the invited host `garage`."""

    keys: FarmSecrets
    port: int
    invitation: Invitation
    #: of the coordinator
    url: str

    def offered(self, valid_s: float = _WEEK_S) -> Invitation:
        """The invitation, its password laid out as `docker/invite` does it."""
        hand_over(self.url, "garage", self.keys.access("garage"), valid_s)
        return self.invitation


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Inviting]:
    folder = tmp_path / "farm"
    for name in ("keys", "redis", "coordinator", "worker", "flower"):
        (folder / name).mkdir(mode=0o700, parents=True)
    keys = FarmSecrets(folder)
    later = int(time.time() + _WEEK_S)
    published = PublicAddress(names=("127.0.0.1", "redis"), port=6380)
    invitation = keys.invite("garage", published, release="0.1.0", wire=WIRE_VERSION, expires_at=later)
    password = (folder / "coordinator/FLEET_REDIS_URL").read_text().split("@")[0].rpartition(":")[2]
    port, users = free_port(), folder / "redis" / "users.acl"
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder), "--aclfile", str(users)]
    process = subprocess.Popen([binary(), *options], stdout=subprocess.DEVNULL, env={"PATH": os.defpath})
    url = f"redis://coordinator:{password}@127.0.0.1:{port}/0"
    try:
        eventually("an answer of Redis", lambda: _answers(url))
        with tls_front(tmp_path / "front", redis_url=f"redis://127.0.0.1:{port}/0") as front:
            seen = replace(invitation, port=front.port, authority=front.authority.read_text())
            yield Inviting(keys=keys, port=port, invitation=seen, url=url)
    finally:
        process.terminate()
        process.wait(10)


def _answers(url: str) -> bool:
    try:
        with redis.Redis.from_url(url) as client:
            return bool(client.ping())
    except redis.ConnectionError:
        return False


def test_an_invitation_opens_the_hosts_own_password_once(farm: Inviting, tmp_path: Path) -> None:
    invitation = farm.offered()
    joined = join_farm(invitation, tmp_path / "join")
    url = (joined / "FLEET_REDIS_URL").read_text()
    assert farm.keys.hosts()["garage"] in url
    assert invitation.password not in url
    assert WorkerKey.decode((joined / WORKER_KEY_FILE).read_text()) == farm.keys.access("garage").key
    with pytest.raises(ServiceError, match="this invitation was used already, or is too old: have the host invited"):
        join_farm(invitation, tmp_path / "thief")
    assert not (tmp_path / "thief" / "FLEET_REDIS_URL").exists()


def test_what_offer_prints_admit_lays_out_for_the_host(farm: Inviting, tmp_path: Path) -> None:
    offered = run_fleet("offer", f"--root={farm.keys._root}", "garage", folder=tmp_path)
    done = admitted(farm, tmp_path, offered.stdout)
    assert done.returncode == 0, done.stderr
    joined = join_farm(farm.invitation, tmp_path / "join")
    assert WorkerKey.decode((joined / WORKER_KEY_FILE).read_text()) == farm.keys.access("garage").key
    cut = admitted(farm, tmp_path, offered.stdout[:-9])
    assert cut.returncode == 64
    assert "the key on the second line of stdin is cut or mistyped: copy the whole line" in cut.stderr


def admitted(farm: Inviting, folder: Path, offered: str) -> subprocess.CompletedProcess[str]:
    """What `fleet admit` makes of what `fleet offer` printed."""
    return subprocess.run(
        [*FLEET, "admit", "garage"],
        input=offered,
        env=environ(folder, {"FLEET_REDIS_URL": farm.url}),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_farm_of_a_release_before_gives_a_password_alone(farm: Inviting, tmp_path: Path) -> None:
    folder = tmp_path / "join"
    folder.mkdir()
    (folder / WORKER_KEY_FILE).write_text("of an earlier invitation")
    hand_over(farm.url, "garage", Access(password=farm.keys.hosts()["garage"], key=None), _WEEK_S)
    join_farm(farm.invitation, folder)
    assert (folder / "FLEET_REDIS_URL").exists()
    assert not (folder / WORKER_KEY_FILE).exists()


def test_a_host_of_a_release_before_takes_its_password_alone(farm: Inviting) -> None:
    farm.offered()
    with redis.Redis(port=farm.port, username=user_of_guest("garage"), password=farm.invitation.password) as guest:
        assert guest.getdel(f"{JOIN_KEY_PREFIX}garage") == farm.keys.hosts()["garage"].encode()


def test_an_invitation_that_is_too_old_opens_nothing_whatever_the_hosts_clock_says(
    farm: Inviting, tmp_path: Path
) -> None:
    invitation = farm.offered(valid_s=1)
    time.sleep(1.5)
    with pytest.raises(ServiceError, match="used already, or is too old"):
        join_farm(invitation, tmp_path / "join")


def test_the_password_of_an_invitation_opens_nothing_else(farm: Inviting) -> None:
    farm.offered()
    with redis.Redis(port=farm.port, username=user_of_guest("garage"), password=farm.invitation.password) as guest:
        for command in (
            ("GET", f"{JOIN_KEY_PREFIX}garage"),
            ("GETDEL", f"{JOIN_KEY_PREFIX}attic"),
            ("GETDEL", f"{JOIN_KEY_PREFIX}attic.key"),
            ("GET", f"{JOIN_KEY_PREFIX}garage.key"),
            ("GETDEL", "neonet.release"),
            ("SET", f"{JOIN_KEY_PREFIX}garage", "x"),
            ("LLEN", "neonet.jobs.2"),
            ("XADD", "neonet.results", "*", "a", "b"),
            ("ACL", "LIST"),
            ("KEYS", "*"),
        ):
            with pytest.raises(NoPermissionError):
                guest.execute_command(*command)
    with redis.Redis(port=farm.port, username="worker", password=_worker_password(farm)) as worker:
        with pytest.raises(NoPermissionError):
            worker.execute_command("GETDEL", f"{JOIN_KEY_PREFIX}garage")
        with pytest.raises(NoPermissionError):
            worker.execute_command("GET", f"{JOIN_KEY_PREFIX}garage")


def _worker_password(farm: Inviting) -> str:
    text = Path(farm.keys._root / "worker" / "FLEET_REDIS_URL").read_text()
    return text.split("@")[0].rpartition(":")[2]


def test_a_host_joins_by_stdin_and_starts_again_without_the_invitation(farm: Inviting, tmp_path: Path) -> None:
    line = farm.offered().encode()
    home = tmp_path / "home"
    home.mkdir()
    settings = {"FLEET_STATE_DIR": str(home / "state"), "FLEET_WORKER__CONCURRENCY": "1"}
    piped = subprocess.run(
        [*FLEET, "join", "--check", "-"],
        input=f"{line}\n",
        env=environ(home, settings),
        cwd=home,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert piped.returncode == 0, piped.stderr
    assert "as garage, over TLS" in piped.stderr
    # a unit names it at each start
    again = run_fleet("join", "--check", folder=home, settings={**settings, "NEONET_INVITATION": line})
    assert again.returncode == 0, again.stderr
    elsewhere = run_fleet(
        "join", "--check", folder=home, settings={"FLEET_STATE_DIR": str(home / "other"), "NEONET_INVITATION": line}
    )
    assert elsewhere.returncode == 69
    assert "this invitation was used already" in elsewhere.stderr
    with started([*FLEET, "join"], home, environ(home, {**settings, "NEONET_INVITATION": line})) as process:
        process.says("ready.")
        for one in process.kin():
            assert line not in " ".join(one.cmdline())
            assert "NEONET_INVITATION" not in psutil.Process(one.pid).environ()


def test_a_line_of_the_release_before_is_named(tmp_path: Path) -> None:
    done = run_fleet("join", "--check", "neonet1.VGhpcw", folder=tmp_path, settings={"FLEET_STATE_DIR": str(tmp_path)})
    assert done.returncode == 64
    assert "was made by an earlier release: have this host invited again" in done.stderr


def test_an_invitation_says_when_it_expired(farm: Inviting, tmp_path: Path) -> None:
    line = replace(farm.invitation, expires_at=1_700_000_000).encode()
    done = run_fleet("join", "--check", line, folder=tmp_path, settings={"FLEET_STATE_DIR": str(tmp_path / "state")})
    assert done.returncode == 69
    assert "this invitation expired at 2023-11-14 22:13 UTC: have garage invited again" in done.stderr
