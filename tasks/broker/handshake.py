"""First contact with Redis: whether this process can use it, and which release the coordinator runs.

One file: each thing that can go wrong at the first contact has its words here.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import redis
from redis.exceptions import BusyLoadingError, NoPermissionError

from config.redis_address import RedisAddress, read_redis_url
from tasks.broker.redis_client import redis_client, unusable_file
from tasks.broker.redis_version import is_too_old, minimum, version_of_server
from tasks.broker.statement import Statement, parse_statement, plain_statement
from tasks.messages import RELEASE_KEY
from tasks.text import sanitized

#: how long to wait for a Redis that does not answer yet, in seconds; after a reboot everything starts at once
PATIENCE_S = 10.0
_TIMEOUT_S = 5.0
_PAUSE_S = 0.25
_SHOWN = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """Why this process can't take part in the farm, as one line without any secret."""

    reason: str
    #: True: the settings have to change; False: the same start may succeed later
    permanent: bool = False

    def __str__(self) -> str:
        return self.reason


@dataclass(frozen=True, kw_only=True, slots=True)
class Greeting:
    """A Redis's answer to HELLO."""

    version: str
    #: `standalone`, `cluster` or `sentinel`
    mode: str
    #: `master` or `replica`
    role: str


class _UnansweredError(Exception):
    """Redis can't be reached yet; the argument says why."""


def release() -> str:
    """The release of this installation."""
    return version("neonet-fleet")


def announce(redis_url: str, statement: Statement | None = None, *, patience_s: float = PATIENCE_S) -> Refusal | None:
    """State the coordinator's release, and its time limits if given, for workers to see.

    Returns why the coordinator can't use this Redis, or None.

    A Redis that temporarily takes no writes is usable: jobs wait for it in the ledger.
    """
    body = (statement or plain_statement(release())).encode()
    return _refusal(redis_url, lambda client: client.set(RELEASE_KEY, body), patience_s)


def process_refusal(redis_url: str, *, as_worker: bool, patience_s: float = PATIENCE_S) -> Refusal | None:
    """Why this process can't take part in the farm, or None.

    A worker is turned away when the coordinator speaks another wire version; no other process has that check.
    """
    seen: list[Any] = []
    ask = (lambda client: seen.append(client.get(RELEASE_KEY))) if as_worker else (lambda client: client.ping())
    refusal = _refusal(redis_url, ask, patience_s)
    return refusal or (_other_wire(seen[0]) if as_worker and seen else None)


def login_refusal(client: redis.Redis) -> Refusal | None:
    """Why Redis no longer accepts this process's login; None while it does, and while it can't be reached."""
    try:
        client.ping()
    except (redis.AuthenticationError, NoPermissionError) as exc:
        return _role_refused(exc)
    except redis.RedisError:
        return None
    return None


def server_refusal(address: RedisAddress, greeting: Greeting) -> Refusal | None:
    """Why a Redis that answers is unsuitable for a farm, or None."""
    if greeting.mode != "standalone":
        return Refusal(
            reason=f"{address.place} is a Redis in {greeting.mode} mode; a farm needs a single Redis", permanent=True
        )
    if is_too_old(greeting.version):
        return _too_old(greeting.version)
    if greeting.role != "master":
        return Refusal(reason=f"{address.place} is a {greeting.role}, which takes no jobs; name its master")
    return None


def _refusal(redis_url: str, ask: Callable[[redis.Redis], Any], patience_s: float) -> Refusal | None:
    address = read_redis_url(redis_url)
    unusable = unusable_file(address)
    if unusable is not None:
        return Refusal(reason=f"FLEET_REDIS_URL: {unusable}", permanent=True)
    until = time.monotonic() + patience_s
    with redis_client(redis_url, connect_timeout_s=_TIMEOUT_S, timeout_s=_TIMEOUT_S) as client:
        while True:
            try:
                return _contact(address, client, ask)
            except _UnansweredError as exc:
                if time.monotonic() >= until:
                    return Refusal(reason=str(exc))
            time.sleep(_PAUSE_S)


def _contact(address: RedisAddress, client: redis.Redis, ask: Callable[[redis.Redis], Any]) -> Refusal | None:
    try:
        refusal = server_refusal(address, _greeting(client.execute_command("HELLO")))  # type: ignore[no-untyped-call]
        if refusal is None:
            ask(client)
    except (redis.AuthenticationError, NoPermissionError) as exc:
        return _role_refused(exc)
    except (BusyLoadingError, redis.ConnectionError, redis.TimeoutError) as exc:
        certificate = _certificate_flaw(address, exc)
        if certificate is not None:
            return certificate
        raise _UnansweredError(f"can't reach Redis at {address.place}: {_cause(address, exc)}") from exc
    except redis.ResponseError as exc:
        return _answered(address, exc)
    return refusal


def _role_refused(exc: redis.RedisError) -> Refusal:
    # neither of these errors contains a URL or a password
    advice = "FLEET_REDIS_URL holds no password, a wrong user or password, or a revoked one"
    return Refusal(reason=f"Redis refuses this role: {_said(exc)}; {advice}")


def _too_old(version: str) -> Refusal:
    return Refusal(
        reason=f"Redis {version} is too old: the farm needs {minimum()} or newer, whose access rules it uses; "
        "install one, or use the one of `fleet up` or `docker compose up`"
    )


def _answered(address: RedisAddress, exc: redis.ResponseError) -> Refusal | None:
    if "DB index is out of range" in str(exc):
        return Refusal(reason=f"Redis at {address.place} has no database {address.database}", permanent=True)
    if "unknown command" in str(exc).lower():
        # HELLO came with 6.0
        return _too_old("5.0 or older")
    if str(exc).startswith("DENIED"):
        return Refusal(reason=f"Redis at {address.place} refuses the farm: {_said(exc)}")
    # the Redis or its disk is full: jobs wait
    return None


def _greeting(reply: Any) -> Greeting:
    """Parse the reply to HELLO, a map or a flat list."""
    fields = reply if isinstance(reply, dict) else dict(zip(reply[::2], reply[1::2], strict=False))
    text = {_text(name): _text(value) for name, value in fields.items()}
    return Greeting(
        version=version_of_server(text) or "", mode=text.get("mode", "standalone"), role=text.get("role", "master")
    )


def _text(value: object) -> str:
    text = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
    return sanitized(text)[:_SHOWN]


def _said(exc: Exception) -> str:
    return _text(str(exc).split(", otherwise the HELLO", 1)[0])


def _chain(exc: BaseException) -> Iterator[BaseException]:
    found: BaseException | None = exc
    while found is not None:
        yield found
        found = found.__cause__ or found.__context__


def _certificate_flaw(address: RedisAddress, exc: Exception) -> Refusal | None:
    flaw = next((one for one in _chain(exc) if isinstance(one, ssl.SSLCertVerificationError)), None)
    if flaw is None:
        return None
    why = _text(flaw.verify_message).rstrip(".")
    advice = "name your own certificate authority in FLEET_REDIS_URL with ?ssl_ca_certs=FILE"
    return Refusal(reason=f"{address.place} has a certificate that is not accepted: {why}; nothing was sent; {advice}")


def _cause(address: RedisAddress, exc: Exception) -> str:
    chain = list(_chain(exc))
    flaw = next((one for one in chain if isinstance(one, ssl.SSLError)), None)
    if flaw is not None:
        return f"it does not speak TLS ({_text(flaw.reason or flaw)}), which rediss:// asks for"
    if any("handshake" in str(one) for one in chain):
        return "it does not speak TLS (no answer to the handshake), which rediss:// asks for"
    if isinstance(exc, BusyLoadingError):
        return "it is still loading its data"
    hung_up = "closed" in str(exc) or any(isinstance(one, ConnectionResetError | BrokenPipeError) for one in chain)
    if hung_up:
        return f"it hangs up; is it a Redis {'with TLS?' if address.tls else 'without TLS? rediss:// speaks TLS'}"
    return _text(next((one.strerror for one in chain if isinstance(one, OSError) and one.strerror), None) or exc)


def _other_wire(stated: bytes | None) -> Refusal | None:
    """Why a worker does not understand the coordinator that stated this; None where nothing readable is stated."""
    coordinator, own = parse_statement(stated or b""), plain_statement(release())
    if coordinator is None or coordinator.understands(own):
        return None
    return Refusal(
        reason=f"this worker is release {own.release} and speaks wire version {own.spoken}, but the coordinator is "
        f"release {coordinator.release} and speaks {coordinator.spoken}: install release {coordinator.release} on this "
        "host"
    )
