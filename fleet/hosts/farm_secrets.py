"""The secrets of a farm in Compose: created once, and laid out so that each container sees only its own."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from config.sources import FARM_KEYS_FILE, WORKER_KEY_FILE
from fleet.errors import ServiceError
from fleet.hosts.certificates import end_of, ensure_authority, ensure_server, renew_server
from fleet.hosts.host_keys import HostKeys
from fleet.hosts.invitation import Invitation
from fleet.hosts.joining import Access
from fleet.hosts.key_file import OWN_WORKERS, UPGRADE_S
from fleet.hosts.redis_acl import Role, is_host_name, users_file
from fleet.hosts.secret_files import kept_secret, new_password, write_secret

#: user name for the pages of Flower and Grafana
PAGES_USER = "farmer"
_PLAIN_REDIS = "redis:6379"


@dataclass(frozen=True, kw_only=True, slots=True)
class PublicAddress:
    """The address at which other hosts reach the farm's Redis."""

    #: names in its certificate; invitations use the first
    names: tuple[str, ...]
    #: the TLS port
    port: int


class FarmSecrets:
    """The folders of a farm's secrets under `root`: `keys` holds the originals, containers mount the others."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._keys = root / "keys"
        self._signing = HostKeys(root / "keys" / "signing")

    def write_files(self, names: tuple[str, ...]) -> bool:
        """Create missing secrets and write the files that each container reads. Returns whether the farm is new.

        `names` go into the certificate of Redis. Raises ServiceError where a folder can't be written.
        """
        new = not (self._keys / Role.COORDINATOR.value).exists()
        # coordinator and workers of a farm that is there already may be replaced in any order
        self._signing.begin(0 if new else int(time.time() + UPGRADE_S))
        passwords = {role: kept_secret(self._keys / role.value) for role in Role}
        for role in (Role.COORDINATOR, Role.WORKER, Role.FLOWER):
            url = f"redis://{role.value}:{passwords[role]}@{_PLAIN_REDIS}/0"
            write_secret(self._root / role.value / "FLEET_REDIS_URL", url)
        for key, owner, name in (("flower-web", "flower", "FLOWER"), ("page-web", "coordinator", "WEB")):
            shown = f"{PAGES_USER}:{kept_secret(self._keys / key)}"
            write_secret(self._root / owner / f"FLEET_{name}__BASIC_AUTH", shown)
        write_secret(self._root / "coordinator" / "FLEET_WEB__METRICS_TOKEN", self._metrics_token())
        self._write_signing_keys()
        redis = self._root / "redis"
        write_secret(redis / "health", passwords[Role.HEALTH])
        write_secret(redis / "renewal", passwords[Role.RENEWAL])
        authority = ensure_authority(self._keys).read_text(encoding="utf-8")
        for folder in (redis, self._root / "coordinator"):
            write_secret(folder / "ca.crt", authority)
        ensure_server(self._keys, redis, names)
        write_secret(redis / "users.acl", users_file(passwords, self.hosts(), self._named("guests")))
        return new

    def renew(self) -> bool:
        """Renew the certificate of Redis for its names if it ends soon. Returns whether it was renewed.

        Raises ServiceError where it can't be made.
        """
        return renew_server(self._keys, self._root / "redis")

    def ends(self) -> tuple[float, float]:
        """When the certificate of Redis and the farm's authority end, in Unix seconds."""
        return end_of(self._root / "redis" / "server.crt"), end_of(self._keys / "ca.crt")

    def write_monitoring(self) -> None:
        """Write the files that Prometheus and Grafana read: the token of the metrics, and the pages' password.

        Raises ServiceError where a folder can't be written.
        """
        write_secret(self._root / "prometheus" / "token", self._metrics_token())
        write_secret(self._root / "grafana" / "password", kept_secret(self._keys / "grafana-web"))

    def _write_signing_keys(self) -> None:
        """The keys of jobs and results: all for the coordinator, which reads the file again when it changes."""
        keys = self._signing.farm_keys(self.hosts())
        write_secret(self._root / "coordinator" / FARM_KEYS_FILE, keys.encode())
        own = keys.worker_key(OWN_WORKERS)
        if own is not None:
            write_secret(self._root / "worker" / WORKER_KEY_FILE, own.encode())

    def renew_signing_keys(self) -> None:
        """Replace all keys of jobs and results: every host has to be invited again. Raises ServiceError."""
        self._signing.renew_all()
        self._write_signing_keys()

    def access(self, host: str) -> Access:
        """What an invited host gets. Raises ServiceError where no host of that name was invited."""
        hosts = self.hosts()
        if host not in hosts:
            raise ServiceError(f"no host {host!r} was invited; there are: {', '.join(hosts) or 'none'}")
        return Access(password=hosts[host], key=self._signing.farm_keys([host]).worker_key(host))

    def _metrics_token(self) -> str:
        return kept_secret(self._keys / "metrics-token")

    def hosts(self) -> dict[str, str]:
        """The invited hosts, with their workers' passwords."""
        return self._named("hosts")

    def _named(self, folder: str) -> dict[str, str]:
        found = self._keys / folder
        return {path.name: kept_secret(path) for path in sorted(found.glob("[a-z0-9]*"))} if found.is_dir() else {}

    def invite(self, host: str, published: PublicAddress, *, release: str, wire: int, expires_at: int) -> Invitation:
        """Invite `host`, with new passwords each time. Redis accepts them after its next start.

        Raises ServiceError for an invalid name, and for an address or a time that an invitation can't hold.
        """
        if not is_host_name(host):
            raise ServiceError(f"{host!r} is not a host name: a to z, 0 to 9 and -, at most 32")
        password = new_password()
        # the key first: a host without one would have unsigned results accepted
        self._signing.renew(host)
        write_secret(self._keys / "hosts" / host, new_password())
        write_secret(self._keys / "guests" / host, password)
        self.write_files(published.names)
        try:
            return Invitation(
                host=host,
                address=published.names[0],
                port=published.port,
                password=password,
                authority=(self._keys / "ca.crt").read_text(encoding="utf-8"),
                release=release,
                wire=wire,
                expires_at=expires_at,
            )
        except ValueError as exc:
            raise ServiceError(f"an invitation can't be written: {exc}") from exc

    def revoke(self, host: str, names: tuple[str, ...]) -> None:
        """Revoke a host's access. Redis refuses it after its next start.

        Raises ServiceError where no host of that name was invited.
        """
        if host not in self.hosts():
            raise ServiceError(f"no host {host!r} was invited; there are: {', '.join(self.hosts()) or 'none'}")
        (self._keys / "hosts" / host).unlink()
        (self._keys / "guests" / host).unlink(missing_ok=True)
        self._signing.revoke(host)
        self.write_files(names)
