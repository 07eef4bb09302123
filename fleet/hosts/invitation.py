"""What another host is given to join a farm: one line that names the Redis, the host's password and the authority."""

from __future__ import annotations

import base64
import binascii
import json
import ssl
from dataclasses import asdict, dataclass
from urllib.parse import quote

from fleet.errors import FleetError
from fleet.hosts.redis_acl import is_host_name, user_of_guest, user_of_host

_PREFIX = "neonet2."
#: lines of releases before this one held the password of the workers itself
_FORMER = "neonet1."
_CHECK_BYTES = 4


class InvitationError(FleetError):
    """The line is no invitation: cut, mistyped, or of another release's form."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Invitation:
    """Leave for one host to join, once: it opens the password that the host's workers use from then on."""

    #: the host's name at the farm, e.g. `garage`
    host: str
    #: address or DNS name of the Redis, as its certificate has it
    address: str
    #: the TLS port
    port: int
    #: the password of the Redis user that can do nothing but take the host's own password
    password: str
    #: PEM of the authority that vouches for the Redis
    authority: str
    #: the release that the coordinator runs
    release: str
    #: the wire version that the coordinator speaks
    wire: int
    #: Unix seconds, by the clock of the farm
    expires_at: int

    def __post_init__(self) -> None:
        """Raise ValueError for what can't be a host, a port or a certificate."""
        if not is_host_name(self.host):
            raise ValueError(f"{self.host!r} is no name of a host: a to z, 0 to 9 and -, at most 32")
        if not 1 <= self.port <= 65_535:
            raise ValueError(f"{self.port} is no port")
        if not self.address or not self.password:
            raise ValueError("address and password must not be empty")
        ssl.PEM_cert_to_DER_cert(self.authority)

    def encode(self) -> str:
        """One line of letters, digits, `-`, `_` and a dot."""
        fields = asdict(self) | {"authority": base64.b64encode(ssl.PEM_cert_to_DER_cert(self.authority)).decode()}
        body = json.dumps(fields, separators=(",", ":")).encode()
        return _PREFIX + base64.urlsafe_b64encode(_checksum(body) + body).decode().rstrip("=")

    @classmethod
    def decode(cls, line: str) -> Invitation:
        """The invitation that `encode` wrote.

        Raises InvitationError, which never repeats the line: it holds a password.
        """
        text = line.strip()
        if text.startswith(_FORMER):
            raise InvitationError("this invitation was made by an earlier release: have this host invited again")
        if not text.startswith(_PREFIX):
            raise InvitationError(f"this is no invitation, which begins with {_PREFIX}: copy the whole line")
        try:
            raw = base64.b64decode(text[len(_PREFIX) :] + "==", altchars=b"-_", validate=False)
            body = raw[_CHECK_BYTES:]
            if raw[:_CHECK_BYTES] != _checksum(body):
                raise ValueError("checksum")
            fields = json.loads(body)
            fields["authority"] = ssl.DER_cert_to_PEM_cert(base64.b64decode(fields["authority"]))
            return cls(**fields)
        except (ValueError, TypeError, KeyError, binascii.Error) as exc:
            raise InvitationError("this invitation is cut or mistyped: copy the whole line that invited you") from exc

    def guest_url(self, authority_file: str) -> str:
        """The URL at which the password of the host's workers lies; `authority_file` holds the authority."""
        return self._url(user_of_guest(self.host), self.password, authority_file)

    def redis_url(self, password: str, authority_file: str) -> str:
        """The URL by which the host's workers reach the farm's Redis with the `password` that was taken."""
        return self._url(user_of_host(self.host), password, authority_file)

    def _url(self, user: str, password: str, authority_file: str) -> str:
        host = f"[{self.address}]" if ":" in self.address else self.address
        return (
            f"rediss://{user}:{quote(password, safe='')}@{host}:{self.port}/0"
            f"?ssl_cert_reqs=required&ssl_ca_certs={quote(authority_file)}"
        )


def _checksum(body: bytes) -> bytes:
    return binascii.crc32(body).to_bytes(_CHECK_BYTES, "big")
