"""The farm's own certificate authority and the certificate of its Redis, made by the `openssl` command."""

from __future__ import annotations

import ipaddress
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from fleet.errors import ServiceError
from fleet.hosts.secret_files import write_secret

_CA_DAYS = 3650
_SERVER_DAYS = 825
#: seconds before its end at which a certificate is renewed
_RENEW_S = 60 * 24 * 3600
_TIMEOUT_S = 30.0
_CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


def ensure_authority(folder: Path) -> Path:
    """The authority's certificate, `ca.crt` beside `ca.key`, created where it is missing.

    Raises ServiceError without `openssl`, or where the folder can't be written.
    """
    certificate, key = folder / "ca.crt", folder / "ca.key"
    if not (certificate.exists() and key.exists()):
        new = folder / ".ca.new"
        argv = ["req", "-x509", *_CURVE, "-sha256", "-days", f"{_CA_DAYS}", "-keyout", f"{key}", "-out", f"{new}"]
        argv += ["-subj", "/CN=neonet-fleet farm", "-addext", "keyUsage=critical,keyCertSign,cRLSign"]
        argv += ["-addext", "basicConstraints=critical,CA:TRUE,pathlen:0", "-addext", "subjectKeyIdentifier=hash"]
        _openssl(argv)
        new.replace(certificate)
    return certificate


def ensure_server(authority: Path, folder: Path, names: Sequence[str]) -> None:
    """Make sure that `folder` has a `server.crt` and `server.key` valid for `names` for at least 60 days.

    `names` are addresses or DNS names. `authority` is the folder of `ca.crt` and `ca.key`. Raises ServiceError as
    `ensure_authority`.
    """
    subjects = ",".join(_subject(name) for name in names)
    certificate, written = folder / "server.crt", folder / "server.names"
    if certificate.exists() and written.exists() and written.read_text(encoding="utf-8") == subjects:
        valid = _run(["x509", "-in", f"{certificate}", "-noout", "-checkend", f"{_RENEW_S}"]).returncode == 0
        if valid and _signed_by(certificate, authority / "ca.crt"):
            return
    request, extensions, new = folder / ".server.csr", folder / ".server.ext", folder / ".server.new"
    write_secret(extensions, _extensions(subjects))
    argv = [
        "req",
        *_CURVE,
        "-keyout",
        f"{folder / 'server.key'}",
        "-out",
        f"{request}",
        "-subj",
        "/CN=neonet-fleet redis",
    ]
    _openssl(argv)
    argv = ["x509", "-req", "-sha256", "-days", f"{_SERVER_DAYS}", "-in", f"{request}", "-extfile", f"{extensions}"]
    argv += ["-CA", f"{authority / 'ca.crt'}", "-CAkey", f"{authority / 'ca.key'}", "-set_serial", _serial()]
    _openssl([*argv, "-out", f"{new}"])
    new.replace(certificate)
    write_secret(written, subjects)
    for left in (request, extensions):
        left.unlink()


def _extensions(subjects: str) -> str:
    return (
        f"subjectAltName={subjects}\nbasicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
        "extendedKeyUsage=serverAuth\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
    )


def _subject(name: str) -> str:
    try:
        return f"IP:{ipaddress.ip_address(name)}"
    except ValueError:
        return f"DNS:{name}"


def _signed_by(certificate: Path, authority: Path) -> bool:
    return _run(["verify", "-CAfile", f"{authority}", f"{certificate}"]).returncode == 0


def _serial() -> str:
    return f"0x{os.urandom(16).hex()}"


def _openssl(argv: Sequence[str]) -> None:
    done = _run(argv)
    if done.returncode != 0:
        raise ServiceError(f"openssl {argv[0]} failed: {done.stderr.strip().splitlines()[-1:] or done.returncode}")


def _run(argv: Sequence[str]) -> subprocess.CompletedProcess[str]:
    command = shutil.which("openssl")
    if command is None:
        raise ServiceError("no `openssl` on the PATH, which is needed for certificates: install it")
    return subprocess.run(
        [command, *argv], capture_output=True, check=False, text=True, timeout=_TIMEOUT_S, umask=0o077
    )
