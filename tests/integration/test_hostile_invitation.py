"""An invitation that a stranger wrote: whatever its fields hold, it ends in one printable line."""

from __future__ import annotations

import json
import subprocess
import time
from base64 import urlsafe_b64encode
from binascii import crc32
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from fleet.hosts.farm_secrets import FarmSecrets, PublicAddress
from fleet.hosts.invitation import Invitation, InvitationError
from tasks.wire_versions import WIRE_VERSION
from tests.support.processes import FLEET, environ

_ESCAPE = "\x1b]0;owned\x07\x1b[31m"


@pytest.fixture(scope="module")
def fields(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Those of a real invitation, as its line holds them."""
    folder = tmp_path_factory.mktemp("farm")
    for name in ("keys", "redis", "coordinator", "worker", "flower"):
        (folder / name).mkdir(mode=0o700)
    published = PublicAddress(names=("127.0.0.1",), port=1)
    invitation = FarmSecrets(folder).invite(
        "garage", published, release="0.1.0", wire=WIRE_VERSION, expires_at=int(time.time()) + 3600
    )
    assert Invitation.decode(invitation.encode()) == invitation
    body = "".join(invitation.authority.splitlines()[1:-1])
    return asdict(invitation) | {"authority": body}


def line_of(fields: dict[str, Any]) -> str:
    body = json.dumps(fields).encode()
    return "neonet2." + urlsafe_b64encode(crc32(body).to_bytes(4, "big") + body).decode().rstrip("=")


FLAWS = [
    {"address": _ESCAPE},
    {"address": 5},
    {"address": ["127.0.0.1"]},
    {"address": "a\0b"},
    {"address": "a" * 70_000},
    {"address": "\udc80"},
    {"address": "127.0.0.1:1/0?ssl_check_hostname=false&x="},
    {"release": _ESCAPE, "wire": 99},
    {"release": {"a": 1}, "wire": 99},
    {"wire": _ESCAPE},
    {"wire": True},
    {"expires_at": "tomorrow"},
    {"expires_at": None},
    {"expires_at": float("nan")},
    {"expires_at": 10**30},
    {"expires_at": -(10**30)},
    {"password": 5},
    {"password": ["x"]},
    {"password": _ESCAPE},
    {"port": True},
    {"port": 6380.5},
    {"host": 5},
    {"authority": "AAAA"},
    {"authority": None},
    {"more": 1},
]


@pytest.mark.parametrize("flaw", FLAWS, ids=[str(flaw)[:40] for flaw in FLAWS])
def test_a_field_that_no_farm_writes_makes_it_no_invitation(fields: dict[str, Any], flaw: dict[str, Any]) -> None:
    with pytest.raises(InvitationError, match="is cut or mistyped"):
        Invitation.decode(line_of(fields | flaw))


def test_fields_nested_without_end_make_it_no_invitation() -> None:
    body = b"[" * 200_000
    line = "neonet2." + urlsafe_b64encode(crc32(body).to_bytes(4, "big") + body).decode().rstrip("=")
    with pytest.raises(InvitationError, match="is cut or mistyped"):
        Invitation.decode(line)


@pytest.mark.parametrize("flaw", [{"release": _ESCAPE, "wire": 99}, {"expires_at": None}, {"address": 5}], ids=str)
def test_the_command_says_so_in_one_printable_line(
    fields: dict[str, Any], flaw: dict[str, Any], tmp_path: Path
) -> None:
    done = subprocess.run(
        [*FLEET, "join", "--check", "-"],
        input=line_of(fields | flaw),
        env=environ(tmp_path, {"FLEET_STATE_DIR": str(tmp_path / "state")}),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 64
    assert done.stderr == "fleet: this invitation is cut or mistyped: copy the whole line\n"
