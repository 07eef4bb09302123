"""A certificate that ends soon is renewed and reaches the Redis that runs; hosts go on, and new ones join."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from click.testing import CliRunner, Result

from fleet.commands.setup import renew
from fleet.doctor.certificates import own_diagnoses
from fleet.doctor.diagnosis import Grade
from fleet.hosts.certificates import ensure_authority, ensure_server
from fleet.hosts.farm_secrets import FarmSecrets, PublicAddress
from fleet.hosts.invitation import Invitation
from fleet.hosts.join import join_farm
from fleet.hosts.joining import hand_over
from fleet.server.certificate import certificate_of
from tasks.broker.handshake import release
from tasks.wire_versions import WIRE_VERSION
from tests.support.diagnoses import about
from tests.support.processes import eventually
from tests.support.redis_container import Container
from tests.support.workers import job, results, send, worker

_NAMES = ("127.0.0.1", "redis")
_DAY_S = 86_400


class TlsFarm:
    """A farm in Compose, of this machine's processes, whose certificate is valid for one day."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "setup"
        self.secrets = FarmSecrets(self.root)
        self.secrets.write_files(_NAMES)
        self.certificate = self.root / "redis" / "server.crt"
        self.certificate.unlink()
        assert ensure_server(self.root / "keys", self.root / "redis", _NAMES, days=1)
        self.redis = Container(folder, secrets=self.root / "redis")
        published = PublicAddress(names=_NAMES, port=self.redis.tls_port)
        self._invited = {
            host: self.secrets.invite(
                host, published, release=release(), wire=WIRE_VERSION, expires_at=int(time.time() + 600)
            )
            for host in ("attic", "garage")
        }
        # an invitation has the certificate checked, which is renewed with it
        self.certificate.unlink()
        assert ensure_server(self.root / "keys", self.root / "redis", _NAMES, days=1)

    @property
    def url(self) -> str:
        """The coordinator's URL."""
        text = (self.root / "coordinator" / "FLEET_REDIS_URL").read_text(encoding="utf-8")
        return text.replace("redis:6379", f"127.0.0.1:{self.redis.port}")

    def joined(self, host: str, folder: Path) -> str:
        """Have a host join. Returns the URL that it uses from then on."""
        invitation: Invitation = self._invited[host]
        hand_over(self.url, host, self.secrets.access(host), 600.0)
        return (join_farm(invitation, folder) / "FLEET_REDIS_URL").read_text(encoding="utf-8")

    def ends(self) -> float:
        """When the certificate ends that Redis shows now, in Unix seconds."""
        context = ssl.create_default_context(cafile=self.root / "redis" / "ca.crt")
        return certificate_of("127.0.0.1", self.redis.tls_port, context, timeout_s=5.0).ends


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[TlsFarm]:
    made = TlsFarm(tmp_path)
    made.redis.start()
    try:
        yield made
    finally:
        made.redis.stop()


def renewed(root: Path) -> Result:
    return CliRunner().invoke(renew, ["--root", str(root)])


def connections(farm: TlsFarm) -> set[Any]:
    """The numbers of the connections of the joined host's worker."""
    with farm.redis.client() as client:
        return {one["id"] for one in client.client_list() if one["user"] == "host-garage"}


def test_a_renewed_certificate_reaches_the_running_redis_and_hosts_go_on_and_join(
    farm: TlsFarm, tmp_path: Path
) -> None:
    joined = farm.joined("garage", tmp_path / "garage")
    with worker(joined, tmp_path):
        send(farm.url, job("job-1", {"transactions": []}))
        assert [one.job_id for one in results(farm.url, 1)] == ["job-1"]
        before = connections(farm)
        assert before
        assert farm.ends() < time.time() + 2 * _DAY_S

        done = renewed(farm.root)
        assert done.exit_code == 0, done.output
        assert "was renewed" in done.output
        eventually("the renewed certificate", lambda: farm.ends() > time.time() + 700 * _DAY_S)
        eventually("its words", lambda: "Redis uses the renewed certificate" in farm.redis.words)

        send(farm.url, job("job-2", {"transactions": []}))
        assert [one.job_id for one in results(farm.url, 2)] == ["job-1", "job-2"]
        assert connections(farm) & before, "the worker had to connect again"
        assert farm.joined("attic", tmp_path / "attic").startswith("rediss://host-attic:")
        assert "was renewed" not in renewed(farm.root).output


def test_a_damaged_certificate_does_not_reach_redis_and_is_renewed(farm: TlsFarm) -> None:
    before = farm.ends()
    farm.certificate.write_text("no certificate", encoding="utf-8")
    eventually("a try to load it", lambda: "Redis does not take the certificate: ERR" in farm.redis.words)
    assert farm.ends() == before
    assert "was renewed" in renewed(farm.root).output
    eventually("the renewed certificate", lambda: farm.ends() > time.time() + 700 * _DAY_S)


def test_the_coordinator_s_doctor_sees_what_other_hosts_see(farm: TlsFarm) -> None:
    def seen() -> list[Any]:
        authority = farm.root / "coordinator" / "ca.crt"
        return list(own_diagnoses(authority, "127.0.0.1", farm.redis.tls_port, time.time(), 5.0))

    assert about("farm certificate", seen()).grade is Grade.WARN
    assert "logs renewal" in about("farm certificate", seen()).advice
    renewed(farm.root)
    eventually("no fault", lambda: {one.grade for one in seen()} == {Grade.OK})


def test_the_key_stays_so_that_redis_may_start_at_any_moment(tmp_path: Path) -> None:
    secrets = FarmSecrets(tmp_path)
    secrets.write_files(_NAMES)
    key = (tmp_path / "redis" / "server.key").read_bytes()
    assert ensure_server(tmp_path / "keys", tmp_path / "redis", ("127.0.0.1", "10.0.0.5", "redis"))
    assert (tmp_path / "redis" / "server.key").read_bytes() == key
    names = sorted(path.name for path in (tmp_path / "redis").iterdir())
    assert not [name for name in names if name.startswith(".")], names


def test_the_end_of_the_authority_is_said_a_year_before(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    ensure_authority(tmp_path / "keys", days=300)
    FarmSecrets(tmp_path).write_files(_NAMES)
    done = renewed(tmp_path)
    assert "the farm's authority ends at" in done.output
    assert "invite every host again" in done.output


def test_nothing_is_said_of_a_farm_whose_certificates_last(tmp_path: Path) -> None:
    FarmSecrets(tmp_path).write_files(_NAMES)
    done = renewed(tmp_path)
    assert done.exit_code == 0
    assert done.output.startswith("the certificate of Redis is valid until ")


def test_the_renewal_s_user_may_do_nothing_else(farm: TlsFarm) -> None:
    password = (farm.root / "redis" / "renewal").read_text(encoding="utf-8")
    with redis.Redis(port=farm.redis.port, username="renewal", password=password) as client:
        for command in (("CONFIG", "GET", "*"), ("GET", "neonet.release"), ("ACL", "LIST"), ("SHUTDOWN",)):
            with pytest.raises(redis.exceptions.NoPermissionError):
                client.execute_command(*command)
