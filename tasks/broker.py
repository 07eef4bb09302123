"""First contact with Redis: whether it lets this process in, and which release the coordinator runs."""

from __future__ import annotations

import json
from importlib.metadata import version
from typing import Any

import redis
from redis.exceptions import NoPermissionError

from tasks.messages import RELEASE_KEY, WIRE_VERSION
from tasks.redis_version import is_too_old, minimum, version_of_server

_TIMEOUT_S = 5.0


def release() -> str:
    """The release of this installation."""
    return version("neonet-fleet")


def announce(redis_url: str) -> str | None:
    """State the coordinator's release for workers to see; why Redis turns the coordinator away, or None.

    An unreachable Redis is no refusal: it may come later.
    """
    body = json.dumps({"release": release(), "wire": WIRE_VERSION})
    return _refusal(redis_url, lambda client: client.set(RELEASE_KEY, body))


def turned_away(redis_url: str, *, as_worker: bool) -> str | None:
    """Why this process can't take part in the farm, or None when it can or Redis can't be reached yet.

    A worker is turned away when the coordinator speaks another version of the wire; Flower is not asked.
    """
    seen: list[Any] = []
    reason = _refusal(redis_url, lambda client: seen.append(client.get(RELEASE_KEY) if as_worker else client.ping()))
    return reason or (_other_wire(seen[0]) if as_worker and seen else None)


def _refusal(redis_url: str, ask: Any) -> str | None:
    try:
        with redis.Redis.from_url(redis_url, socket_timeout=_TIMEOUT_S, socket_connect_timeout=_TIMEOUT_S) as client:
            version = _version(client)
            if is_too_old(version):
                return (
                    f"Redis {version} is too old: the farm needs {minimum()} or newer, whose access rules it uses; "
                    "install one, or use the one of `fleet up` or `docker compose up`"
                )
            ask(client)
    except (redis.AuthenticationError, NoPermissionError) as exc:
        # a URL or a password is in neither of these
        return f"Redis refuses this role: {exc}; FLEET_REDIS_URL holds a wrong user or password, or one taken back"
    except redis.RedisError:
        return None
    return None


def _version(client: redis.Redis) -> str | None:
    """What Redis says of itself to everybody whom it lets in; None where a proxy hides it."""
    try:
        return version_of_server(client.execute_command("HELLO"))  # type: ignore[no-untyped-call]
    except redis.ResponseError as exc:
        # HELLO came with 6.0
        return "5.0 or older" if "unknown command" in str(exc).lower() else None


def _other_wire(stated: bytes | None) -> str | None:
    try:
        fields = json.loads(stated or b"{}")
    except ValueError:
        return None
    if not isinstance(fields, dict) or fields.get("wire", WIRE_VERSION) == WIRE_VERSION:
        return None
    return (
        f"this worker is release {release()} and speaks wire version {WIRE_VERSION}, but the coordinator wants release "
        f"{fields.get('release')!s:.40} with wire version {fields.get('wire')!s:.10}: install that release on this host"
    )
