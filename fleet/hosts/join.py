"""Joining a farm from another host. The connection to its Redis is tried in steps, so that an error names the step."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

from config.sources import WORKER_KEY_FILE
from fleet.errors import ServiceError
from fleet.hosts.invitation import Invitation
from fleet.hosts.joining import take
from fleet.hosts.secret_files import write_secret
from tasks.broker.handshake import process_refusal, release
from tasks.wire_versions import is_spoken, spoken

_TIMEOUT_S = 10.0


def join_farm(invitation: Invitation, folder: Path) -> Path:
    """Save an invitation in `folder` as secrets of mode 0600, and try it. Returns the folder of the secrets.

    Raises ServiceError where the release differs, or where the Redis can't be reached, is a different one, or refuses
    the host.
    """
    if not is_spoken(invitation.wire):
        raise ServiceError(
            f"this host has release {release()} (wire version {spoken()}), the farm needs release "
            f"{invitation.release} (wire version {invitation.wire}): install that one here"
        )
    _try_tls(invitation)
    authority = folder / "ca.crt"
    # written before the password is taken, since it can be taken only once
    write_secret(authority, invitation.authority)
    file = str(authority.resolve())
    access = take(invitation.guest_url(file), invitation.host)
    url = invitation.redis_url(access.password, file)
    write_secret(folder / "FLEET_REDIS_URL", url)
    # an earlier invitation's is void
    (folder / WORKER_KEY_FILE).unlink(missing_ok=True)
    if access.key is not None:
        write_secret(folder / WORKER_KEY_FILE, access.key.encode())
    write_secret(folder / "FLEET_WORKER__NAME", invitation.host)
    refusal = process_refusal(url, as_worker=True)
    if refusal is not None:
        raise ServiceError(f"{refusal}; have the host invited again by `docker/invite {invitation.host}`")
    return folder


def _try_tls(invitation: Invitation) -> None:
    place = f"{invitation.address}:{invitation.port}"
    context = ssl.create_default_context(cadata=invitation.authority)
    try:
        with (
            socket.create_connection((invitation.address, invitation.port), _TIMEOUT_S) as plain,
            context.wrap_socket(plain, server_hostname=invitation.address),
        ):
            return
    except ssl.SSLCertVerificationError as exc:
        raise ServiceError(
            f"{place} is not the farm of this invitation: its certificate is not signed by the invitation's "
            f"authority ({exc.verify_message}); nothing was sent to it"
        ) from exc
    except ssl.SSLError as exc:
        raise ServiceError(f"{place} does not speak TLS as a farm's Redis does: {exc.reason or exc}") from exc
    except OSError as exc:
        raise ServiceError(
            f"can't reach {place}: {exc.strerror or exc}; is it published there, and open in the firewall?"
        ) from exc
