"""The farm's own certificate authority and the certificate of its Redis, made by the `openssl` command."""

from __future__ import annotations

import ipaddress
import os
import shutil
import ssl
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from fleet.errors import ServiceError
from fleet.hosts.secret_files import write_secret

_CA_DAYS = 3650
_SERVER_DAYS = 825
#: seconds before its end at which a certificate is renewed
_RENEW_S = 60 * 24 * 3600
_TIMEOUT_S = 30.0
#: the file beside a certificate with the names in it, as openssl writes them
_NAMES = "server.names"
_CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


def ensure_authority(folder: Path, *, days: int = _CA_DAYS) -> Path:
    """The authority's certificate, `ca.crt` beside `ca.key`, created for `days` where it is missing.

    Raises ServiceError without `openssl`, or where the folder can't be written.
    """
    certificate, key = folder / "ca.crt", folder / "ca.key"
    if not (certificate.exists() and key.exists()):
        new = folder / ".ca.new"
        argv = ["req", "-x509", *_CURVE, "-sha256", "-days", f"{days}", "-keyout", f"{key}", "-out", f"{new}"]
        argv += ["-subj", "/CN=neonet-fleet farm", "-addext", "keyUsage=critical,keyCertSign,cRLSign"]
        argv += ["-addext", "basicConstraints=critical,CA:TRUE,pathlen:0", "-addext", "subjectKeyIdentifier=hash"]
        _openssl(argv)
        new.replace(certificate)
    return certificate


def ensure_server(authority: Path, folder: Path, names: Sequence[str], *, days: int = _SERVER_DAYS) -> bool:
    """Make sure that `folder` has a `server.crt` and `server.key` valid for `names` for at least 60 days.

    `names` are addresses or DNS names. `authority` is the folder of `ca.crt` and `ca.key`. Returns whether a new
    certificate was made, valid for `days`. Raises ServiceError as `ensure_authority`.
    """
    return _ensure(authority, folder, ",".join(_subject(name) for name in names), days)


def renew_server(authority: Path, folder: Path) -> bool:
    """Do the same for the names that the certificate was made for. Returns False where none was made yet."""
    written = folder / _NAMES
    return written.exists() and _ensure(authority, folder, written.read_text(encoding="utf-8"), _SERVER_DAYS)


def end_of(certificate: Path) -> float:
    """When a certificate ends, in Unix seconds. Raises ServiceError where it can't be read."""
    done = _run(["x509", "-in", f"{certificate}", "-noout", "-enddate"])
    if done.returncode != 0:
        raise ServiceError(f"{certificate} is not a certificate: {done.stderr.strip().splitlines()[-1:]}")
    return float(ssl.cert_time_to_seconds(done.stdout.strip().removeprefix("notAfter=")))


def _ensure(authority: Path, folder: Path, subjects: str, days: int) -> bool:
    certificate, key, written = folder / "server.crt", folder / "server.key", folder / _NAMES
    if certificate.exists() and written.exists() and written.read_text(encoding="utf-8") == subjects:
        valid = _run(["x509", "-in", f"{certificate}", "-noout", "-checkend", f"{_RENEW_S}"]).returncode == 0
        if valid and _signed_by(certificate, authority / "ca.crt"):
            return False
    if not key.exists():
        _openssl(["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", f"{key}"])
    with tempfile.TemporaryDirectory(dir=folder, prefix=".renewal-") as made:
        request, extensions, new = Path(made, "csr"), Path(made, "ext"), Path(made, "crt")
        write_secret(extensions, _extensions(subjects))
        _openssl(["req", "-new", "-key", f"{key}", "-out", f"{request}", "-subj", "/CN=neonet-fleet redis"])
        argv = ["x509", "-req", "-sha256", "-days", f"{days}", "-in", f"{request}", "-extfile", f"{extensions}"]
        argv += ["-CA", f"{authority / 'ca.crt'}", "-CAkey", f"{authority / 'ca.key'}", "-set_serial", _serial()]
        _openssl([*argv, "-out", f"{new}"])
        # the key stays, so that certificate and key match at every moment, also for a Redis that starts now
        new.replace(certificate)
    write_secret(written, subjects)
    return True


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
