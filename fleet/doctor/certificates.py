"""When TLS certificates of servers and of the farm's own authority end, and whether that is soon."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

from fleet.doctor.diagnosis import Diagnosis, fail, not_checked, ok, warn
from fleet.server.certificate import certificate_of

#: days before its expiry by which a certificate should have been renewed
_SOON_DAYS = 14
#: days before its end at which an authority should be replaced, since every host has to be invited again
_AUTHORITY_DAYS = 365
_DAY_S = 86_400


def certificate_diagnoses(
    subject: str, host: str, port: int, context: ssl.SSLContext, *, now: float, timeout_s: float
) -> Iterator[Diagnosis]:
    """How long the certificate of a TLS server is valid. `now` is Unix seconds.

    Nothing is sent beside the handshake. A certificate that `context` does not verify is a fault.
    """
    try:
        found = certificate_of(host, port, context, timeout_s=timeout_s)
    except ssl.SSLCertVerificationError as exc:
        yield fail(subject, f"the certificate does not verify: {exc.verify_message}", _UNTRUSTED)
    except (OSError, ValueError) as exc:
        yield not_checked(subject, f"no TLS connection: {getattr(exc, 'strerror', None) or type(exc).__name__}")
    else:
        yield judged_end(subject, found.ends, now=now, version=found.version)


def authority_diagnoses(subject: str, file: Path, now: float) -> Iterator[Diagnosis]:
    """How long the authority in a PEM file is valid, by the one that ends first. `now` is Unix seconds."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cafile=file)
    except (OSError, ValueError) as exc:
        yield not_checked(subject, f"{file}: {getattr(exc, 'strerror', None) or exc}")
        return
    ends = [ssl.cert_time_to_seconds(str(one["notAfter"])) for one in context.get_ca_certs()]
    if not ends:
        yield fail(subject, f"{file} holds no authority", "have this host invited again by `docker/invite`")
        return
    yield judged_authority(subject, min(ends), now)


def judged_authority(subject: str, ends: float, now: float) -> Diagnosis:
    """The diagnosis of an authority that ends at `ends`. Both times are Unix seconds."""
    days = (ends - now) / _DAY_S
    again = "make a new authority and invite every host again (docs/steering.md, `Certificates`)"
    if days < 0:
        return fail(subject, f"it ended {-days:.0f} days ago, and no certificate that it signed is accepted", again)
    if days < _AUTHORITY_DAYS:
        return warn(subject, f"it ends in {days:.0f} days, and with it every host's access", again)
    return ok(subject, f"it is valid for {days:,.0f} more days")


def own_diagnoses(authority: Path, host: str, port: int, now: float, timeout_s: float) -> Iterator[Diagnosis]:
    """The diagnoses of the farm's authority, and of the certificate that its Redis shows to other hosts now.

    `now` is Unix seconds.
    """
    yield from authority_diagnoses("farm authority", authority, now)
    try:
        context = ssl.create_default_context(cafile=authority)
    except (OSError, ValueError):
        return
    yield from certificate_diagnoses("farm certificate", host, port, context, now=now, timeout_s=timeout_s)


_UNTRUSTED = (
    "renew it if it has ended; if an authority of your own signed it, name its PEM file with FLEET_HTTP__CA_FILE for "
    "the server, or with ?ssl_ca_certs=FILE in FLEET_REDIS_URL"
)


def judged_end(subject: str, ends: float, *, now: float, version: str) -> Diagnosis:
    """The diagnosis of a certificate that ends at `ends`. Both times are Unix seconds."""
    days = (ends - now) / _DAY_S
    if days < 0:
        return fail(subject, f"the certificate ended {-days:.0f} days ago", _UNTRUSTED)
    if days < _SOON_DAYS:
        words = "have it renewed by whoever runs that server; the farm's own: see `docker compose logs renewal`"
        return warn(subject, f"the certificate ends in {days:.0f} days", words)
    return ok(subject, f"{version}, the certificate is valid for {days:.0f} more days")
