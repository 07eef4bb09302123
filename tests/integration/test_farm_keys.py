"""The secrets of a farm, its certificates, and the line by which a host joins."""

from __future__ import annotations

import ssl
import stat
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from config.sources import FARM_KEYS_FILE
from fleet.errors import ServiceError
from fleet.hosts.farm_secrets import FarmSecrets, PublicAddress
from fleet.hosts.host_keys import HostKeys
from fleet.hosts.invitation import Invitation, InvitationError
from fleet.hosts.join import join_farm
from fleet.hosts.key_file import FarmKeys
from fleet.hosts.secret_files import kept_secret, write_secret

_LATER = 4_000_000_000
_PUBLISHED = PublicAddress(names=("10.0.0.5", "redis"), port=6380)


@pytest.fixture
def farm(tmp_path: Path) -> FarmSecrets:
    keys = FarmSecrets(tmp_path)
    for name in ("keys", "redis", "coordinator", "worker", "flower"):
        (tmp_path / name).mkdir(mode=0o700)
    assert keys.write_files(("redis",))
    return keys


def test_every_secret_has_mode_0600(farm: FarmSecrets, tmp_path: Path) -> None:  # noqa: ARG001 - it made the files
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.rglob("*") if path.is_file()}
    assert {"FLEET_REDIS_URL", "users.acl", "ca.key", "server.key"} <= set(modes)
    assert set(modes.values()) == {0o600}


def test_a_second_start_changes_no_secret(farm: FarmSecrets, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert not farm.write_files(("redis",))
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_the_certificate_is_made_anew_for_other_names_by_the_same_authority(farm: FarmSecrets, tmp_path: Path) -> None:
    first, authority = (tmp_path / "redis/server.crt").read_bytes(), (tmp_path / "redis/ca.crt").read_bytes()
    farm.write_files(("10.0.0.5", "redis"))
    assert (tmp_path / "redis/server.crt").read_bytes() != first
    assert (tmp_path / "redis/ca.crt").read_bytes() == authority
    verify = [
        "openssl",
        "verify",
        "-x509_strict",
        "-verify_ip",
        "10.0.0.5",
        "-CAfile",
        "redis/ca.crt",
        "redis/server.crt",
    ]
    subprocess.run(verify, cwd=tmp_path, check=True, capture_output=True)


def test_an_invitation_survives_the_way_over_the_wire(farm: FarmSecrets) -> None:
    invitation = farm.invite("garage", _PUBLISHED, release="0.1.0", wire=1, expires_at=_LATER)
    assert Invitation.decode(f"  {invitation.encode()}\n") == invitation
    assert "secret" not in repr(InvitationError("x"))


@pytest.mark.parametrize("cut", [1, 5, 40, -2])
def test_a_cut_invitation_is_no_invitation_and_is_not_repeated(farm: FarmSecrets, cut: int) -> None:
    line = farm.invite("garage", _PUBLISHED, release="0.1.0", wire=1, expires_at=_LATER).encode()
    broken = line[:-cut] if cut > 0 else line + "AAAA"
    with pytest.raises(InvitationError) as caught:
        Invitation.decode(broken)
    assert broken[:30] not in str(caught.value)


def test_an_invited_host_is_a_user_of_redis_until_it_is_dismissed(farm: FarmSecrets, tmp_path: Path) -> None:
    farm.invite("garage", _PUBLISHED, release="0.1.0", wire=1, expires_at=_LATER)
    assert "user host-garage on" in (tmp_path / "redis/users.acl").read_text()
    farm.revoke("garage", ("redis",))
    assert "garage" not in (tmp_path / "redis/users.acl").read_text()
    with pytest.raises(ServiceError, match="no host 'garage'"):
        farm.revoke("garage", ("redis",))


def test_an_invitation_that_was_cut_short_leaves_no_host_without_a_key(
    farm: FarmSecrets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While an invited host has none, results without a signature are accepted."""

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    for cut, where in (("renew", HostKeys), ("write_files", FarmSecrets)):
        with monkeypatch.context() as patch:
            patch.setattr(where, cut, killed)
            with pytest.raises(KeyboardInterrupt):
                farm.invite("garage", _PUBLISHED, release="0.1.0", wire=2, expires_at=_LATER)
        farm.write_files(("redis",))
        written = FarmKeys.decode((tmp_path / "coordinator" / FARM_KEYS_FILE).read_text())
        assert not written.keyless


@pytest.mark.parametrize("name", ["../keys/ca.key", "Garage", ""])
def test_a_host_whose_name_is_none_is_not_invited(farm: FarmSecrets, name: str) -> None:
    with pytest.raises(ServiceError, match="not a host name"):
        farm.invite(name, _PUBLISHED, release="0.1.0", wire=1, expires_at=_LATER)


def test_an_empty_secret_is_an_error_and_not_a_password(tmp_path: Path) -> None:
    write_secret(tmp_path / "worker", "")
    with pytest.raises(ServiceError, match="is empty"):
        kept_secret(tmp_path / "worker")


def test_a_host_of_another_wire_version_is_refused_before_anything_is_sent(farm: FarmSecrets, tmp_path: Path) -> None:
    invitation = replace(farm.invite("garage", _PUBLISHED, release="9.9.9", wire=1, expires_at=_LATER), wire=99)
    with pytest.raises(ServiceError, match=r"the farm needs release 9\.9\.9"):
        join_farm(invitation, tmp_path / "join")
    assert not (tmp_path / "join").exists()


def test_the_authority_in_an_invitation_is_a_certificate(farm: FarmSecrets) -> None:
    invitation = farm.invite("garage", _PUBLISHED, release="0.1.0", wire=1, expires_at=_LATER)
    assert ssl.PEM_cert_to_DER_cert(invitation.authority)
    with pytest.raises(ValueError, match="the authority is not a certificate"):
        replace(invitation, authority="nonsense")
