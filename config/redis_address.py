"""Parses the Redis URL, once for all clients of the farm's Redis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit

DEFAULT_PORT = 6379
_PORT_MAX = 65_535
_OPTIONS = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "ssl_check_hostname", "ssl_cert_reqs")
_BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_ESCAPE = "write /, ?, #, @, [ and ] in a password as %2F, %3F, %23, %40, %5B and %5D"


@dataclass(frozen=True, kw_only=True, slots=True)
class Tls:
    """How to verify the certificate of a `rediss://` server. Verification can't be turned off."""

    #: PEM file of the only certificate authority that is trusted; None for the system's authorities
    ca_file: str | None = None
    #: PEM files of the client's own certificate and key, where the server requires one
    cert_file: str | None = None
    key_file: str | None = None
    #: whether the certificate must name the URL's host
    check_hostname: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class RedisAddress:
    """The address of the farm's Redis, and the login."""

    host: str
    port: int
    database: int
    username: str | None
    password: str | None = field(repr=False)
    #: None for a plain-text connection
    tls: Tls | None

    @property
    def place(self) -> str:
        """Host and port, which are safe to show."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def bare_url(self) -> str:
        """The URL without its options, with all special characters of user and password escaped."""
        login = "" if self.username is None else quote(self.username, safe="")
        login += "" if self.password is None else f":{quote(self.password, safe='')}"
        scheme = "redis" if self.tls is None else "rediss"
        return f"{scheme}://{login}{'@' if login else ''}{self.place}/{self.database}"

    @property
    def url(self) -> str:
        """The URL with its options; `read_redis_url` turns it back into this address."""
        if self.tls is None:
            return self.bare_url
        files = {
            "ssl_ca_certs": self.tls.ca_file,
            "ssl_certfile": self.tls.cert_file,
            "ssl_keyfile": self.tls.key_file,
        }
        options = {name: path for name, path in files.items() if path is not None}
        if not self.tls.check_hostname:
            options["ssl_check_hostname"] = "false"
        return f"{self.bare_url}?{urlencode(options, safe='/', quote_via=quote)}" if options else self.bare_url


def read_redis_url(text: str) -> RedisAddress:
    """The address in a redis:// or rediss:// URL.

    Raises ValueError for a malformed URL. The message never repeats the URL.
    """
    parts, port = _split(text)
    host = unquote(parts.hostname or "")
    if parts.fragment or "@" in parts.path or "@" in parts.query:
        raise ValueError(f"has an '@' or '#' after database and options; {_ESCAPE}")
    if not host:
        raise ValueError("must be a URL that starts with redis:// or rediss:// and names a host")
    options = _options(parts.query)
    if parts.scheme == "redis" and options:
        raise ValueError(f"has TLS options, {', '.join(sorted(options))}, but is not a rediss:// URL")
    return RedisAddress(
        host=host,
        port=DEFAULT_PORT if port is None else port,
        database=_database(parts.path),
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        tls=_tls(options) if parts.scheme == "rediss" else None,
    )


def _split(text: str) -> tuple[SplitResult, int | None]:
    if any(char.isspace() or not char.isprintable() for char in text):
        raise ValueError("must not contain white space or control characters")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        # the cause quotes a part of the URL, which may belong to the password
        raise ValueError(
            f"must be a URL of redis:// or rediss://, with a port of 1 to {_PORT_MAX}; {_ESCAPE}"
        ) from None
    if parts.scheme not in ("redis", "rediss"):
        raise ValueError("must be a URL that starts with redis:// or rediss:// and names a host")
    if port == 0:
        raise ValueError(f"must have a port of 1 to {_PORT_MAX}")
    return parts, port


def _database(path: str) -> int:
    number = path.removeprefix("/").removesuffix("/")
    if not number:
        return 0
    if not (number.isascii() and number.isdigit() and len(number) <= 9):
        raise ValueError(f"must name its database by a number, e.g. redis://host:6379/0; {_ESCAPE}")
    return int(number)


def _options(query: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True) if query else []
    except ValueError:
        raise ValueError(f"has options that are not of the form name=value; {_ESCAPE}") from None
    options = dict(pairs)
    if len(options) < len(pairs):
        raise ValueError("has an option twice")
    if not options.keys() <= set(_OPTIONS):
        raise ValueError(f"has an option that is not one of {', '.join(_OPTIONS)}; the farm sets timeouts itself")
    return options


def _tls(options: Mapping[str, str]) -> Tls:
    asked = options.get("ssl_cert_reqs", "required").lower().removeprefix("cert_")
    if asked in ("none", "optional"):
        raise ValueError(
            f"says ssl_cert_reqs={asked}, which would send the password to anyone who answers; leave it out, and name "
            "your own certificate authority with ssl_ca_certs=FILE"
        )
    if asked != "required":
        raise ValueError("must say ssl_cert_reqs=required or leave it out")
    checked = options.get("ssl_check_hostname", "true").lower()
    if checked not in _BOOLEANS:
        raise ValueError("must say ssl_check_hostname=true or =false")
    tls = Tls(
        ca_file=options.get("ssl_ca_certs") or None,
        cert_file=options.get("ssl_certfile") or None,
        key_file=options.get("ssl_keyfile") or None,
        check_hostname=_BOOLEANS[checked],
    )
    if not tls.check_hostname and tls.ca_file is None:
        raise ValueError("says ssl_check_hostname=false without ssl_ca_certs=FILE: any valid certificate would do")
    if (tls.cert_file is None) != (tls.key_file is None):
        raise ValueError("must give ssl_certfile and ssl_keyfile together or neither")
    return tls
