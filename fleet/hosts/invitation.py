"""The one-line invitation to join a farm: the address of its Redis, a one-time password and its authority."""

from __future__ import annotations

import base64
import binascii
import json
import re
import ssl
from dataclasses import asdict, dataclass
from urllib.parse import quote

from fleet.errors import FleetError
from fleet.hosts.redis_acl import is_host_name, user_of_guest, user_of_host

_PREFIX = "neonet2."
#: prefix of earlier releases' lines, which held the workers' password itself
_FORMER = "neonet1."
_CHECK_BYTES = 4
#: an IPv4 or IPv6 address, or a DNS name
_FORMS = {
    "address": re.compile(r"[A-Za-z0-9._:-]{1,253}"),
    "password": re.compile(r"[A-Za-z0-9_-]{1,128}"),
    "release": re.compile(r"[A-Za-z0-9.+-]{1,40}"),
}
#: least and most; the last second that a date can name
_BOUNDS = {"port": (1, 65_535), "wire": (1, 1_000_000), "expires_at": (0, 253_402_300_799)}


class InvitationError(FleetError):
    """A line that is not an invitation: cut, mistyped, or in another release's format."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Invitation:
    """Permission for one host to join, once: it gives access to the password that the host's workers then use."""

    #: the host's name in the farm, e.g. `garage`
    host: str
    #: address or DNS name of the Redis, as in its certificate
    address: str
    #: the TLS port
    port: int
    #: password of a Redis user that can only take the host's own password
    password: str
    #: PEM certificate of the authority that signed the Redis's certificate
    authority: str
    #: the coordinator's release
    release: str
    #: the coordinator's wire version
    wire: int
    #: Unix seconds by the farm's clock
    expires_at: int

    def __post_init__(self) -> None:
        """Raise ValueError for a field of another type or form: the line may come from an attacker."""
        if not (_is_text(self.host) and is_host_name(self.host)):
            raise ValueError(f"{self.host!r} is not a host name: a to z, 0 to 9 and -, at most 32")
        for name, form in _FORMS.items():
            text = getattr(self, name)
            if not (_is_text(text) and form.fullmatch(text)):
                raise ValueError(f"{name} {text!r:.80} holds what it can't hold")
        for name, (least, most) in _BOUNDS.items():
            number = getattr(self, name)
            if type(number) is not int or not least <= number <= most:
                raise ValueError(f"{name} {number!r:.80} is not from {least} to {most}")
        _check_certificate(self.authority)

    def encode(self) -> str:
        """The invitation as one line of letters, digits, `-`, `_` and a dot."""
        fields = asdict(self) | {"authority": base64.b64encode(ssl.PEM_cert_to_DER_cert(self.authority)).decode()}
        body = json.dumps(fields, separators=(",", ":")).encode()
        return _PREFIX + base64.urlsafe_b64encode(_checksum(body) + body).decode().rstrip("=")

    @classmethod
    def decode(cls, line: str) -> Invitation:
        """The invitation that `encode` wrote.

        Raises InvitationError, whose message never repeats the line, since it holds a password.
        """
        text = line.strip()
        if text.startswith(_FORMER):
            raise InvitationError("this invitation was made by an earlier release: have this host invited again")
        if not text.startswith(_PREFIX):
            raise InvitationError(f"this is not an invitation, which begins with {_PREFIX}: copy the whole line")
        try:
            raw = base64.b64decode(text[len(_PREFIX) :] + "==", altchars=b"-_", validate=False)
            body = raw[_CHECK_BYTES:]
            if raw[:_CHECK_BYTES] != _checksum(body):
                raise ValueError("checksum")
            fields = json.loads(body)
            fields["authority"] = ssl.DER_cert_to_PEM_cert(base64.b64decode(fields["authority"]))
            return cls(**fields)
        except (ValueError, TypeError, KeyError, RecursionError) as exc:
            raise InvitationError("this invitation is cut or mistyped: copy the whole line") from exc

    def guest_url(self, authority_file: str) -> str:
        """The URL where the workers' password can be taken; `authority_file` holds the authority's certificate."""
        return self._url(user_of_guest(self.host), self.password, authority_file)

    def redis_url(self, password: str, authority_file: str) -> str:
        """The URL of the farm's Redis for the host's workers, with the `password` that was taken."""
        return self._url(user_of_host(self.host), password, authority_file)

    def _url(self, user: str, password: str, authority_file: str) -> str:
        host = f"[{self.address}]" if ":" in self.address else self.address
        return (
            f"rediss://{user}:{quote(password, safe='')}@{host}:{self.port}/0"
            f"?ssl_cert_reqs=required&ssl_ca_certs={quote(authority_file)}"
        )


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _check_certificate(pem: str) -> None:
    """Raise ValueError for text that is not a certificate."""
    try:
        ssl.create_default_context(cadata=pem)
    except ssl.SSLError as exc:
        raise ValueError("the authority is not a certificate") from exc


def _checksum(body: bytes) -> bytes:
    return binascii.crc32(body).to_bytes(_CHECK_BYTES, "big")
