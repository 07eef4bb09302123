"""The originals of a farm's keys: one secret file each, made once, renewed by an invitation, removed by a dismissal."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from pathlib import Path

from fleet.errors import ServiceError
from fleet.hosts.key_file import OWN_WORKERS, FarmKeys
from fleet.hosts.secret_files import kept_secret, write_secret
from tasks.signing import KEY_BYTES

_JOB, _SEAL, _ACCEPT_UNTIL = "job", "seal", "accept-until"


def _new_key() -> str:
    return secrets.token_hex(KEY_BYTES)


class HostKeys:
    """The folder of the keys."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def farm_keys(self, invited: Iterable[str] = ()) -> FarmKeys:
        """All keys; those of the farm and of its own workers are made where they are missing, those of hosts are not.

        Raises ServiceError where a file can't be read or written, or holds no key.
        """
        hosts = {host: self._key(self._of(host)) if self._of(host).exists() else None for host in invited}
        own = self._key(self._of(OWN_WORKERS))
        return FarmKeys(
            job=self._key(self._folder / _JOB),
            seal=self._key(self._folder / _SEAL),
            hosts={OWN_WORKERS: own, **hosts},
            accept_until=self._accept_until(),
        )

    def begin(self, accept_until: int) -> None:
        """State until when, in Unix seconds, results without a signature are accepted; only once for each farm.

        Raises ServiceError where that can't be written.
        """
        kept_secret(self._folder / _ACCEPT_UNTIL, lambda: str(accept_until))

    def renew(self, host: str) -> None:
        """Give a host a new key, which makes the one before void. Raises ServiceError where it can't be written."""
        write_secret(self._of(host), _new_key())

    def renew_all(self) -> None:
        """Replace every key: each host has to be invited again. Raises ServiceError where one can't be written."""
        for path in (self._folder / _JOB, self._folder / _SEAL, *self._of(OWN_WORKERS).parent.glob("[a-z0-9_]*")):
            write_secret(path, _new_key())

    def revoke(self, host: str) -> None:
        """Remove a host's key."""
        self._of(host).unlink(missing_ok=True)

    def _accept_until(self) -> int:
        path = self._folder / _ACCEPT_UNTIL
        try:
            return int(kept_secret(path)) if path.exists() else 0
        except ValueError:
            return 0

    def _of(self, host: str) -> Path:
        return self._folder / "hosts" / host

    def _key(self, path: Path) -> bytes:
        try:
            key = bytes.fromhex(kept_secret(path, _new_key))
        except ValueError:
            key = b""
        if len(key) != KEY_BYTES:
            raise ServiceError(f"{path} holds no key of {KEY_BYTES} bytes: restore it, or remove it to get a new one")
        return key
