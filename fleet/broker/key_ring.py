"""The coordinator's keys, read again when their file changes, and the signatures of jobs that it sends."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from fleet.errors import WrongSetting
from fleet.hosts.key_file import FarmKeys
from tasks.signing import MAC_FIELD, SEAL_FIELD, bundle_id, job_mac, job_seal, key_proof

#: seconds between two looks at the file; an invitation and a dismissal count after that
_LOOK_S = 1.0
_log = logging.getLogger(__name__)


class KeyRing:
    """Holds the keys of one file. The dispatcher's thread and the one that reads results use it."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        """Raises WrongSetting when the file can't be read or holds no keys."""
        self._path, self._clock = path, clock
        self._stamp = self._look()
        try:
            self._keys = FarmKeys.decode(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as exc:
            raise WrongSetting(f"dispatch.keys_file {path} can't be used: {_words(exc)}") from exc
        self._look_at = clock() + _LOOK_S

    def keys(self) -> FarmKeys:
        """The keys as the file had them a second ago; the last ones while it can't be read."""
        now = self._clock()
        if now >= self._look_at:
            self._look_at = now + _LOOK_S
            stamp = self._look()
            if stamp != self._stamp:
                self._read()
                self._stamp = stamp
        return self._keys

    def sign_job(self, sent: dict[str, Any], task: str) -> None:
        """Add the signatures to a job message that goes out as this Celery task."""
        keys = self.keys()
        mac = sent[MAC_FIELD] = job_mac(keys.job, sent)
        sent[SEAL_FIELD] = job_seal(keys.seal, task.encode(), mac.encode())

    def bundle_id(self, sent: Sequence[Mapping[str, Any]]) -> str:
        """The Celery task id of a message with several signed jobs."""
        return bundle_id(self.keys().job, [job[MAC_FIELD] for job in sent])

    def proofs(self) -> dict[str, str]:
        """What shows each host's workers whether they have the key that the coordinator has for them, by host."""
        keys = self.keys()
        return {host: key_proof(key, keys.job) for host, key in keys.hosts.items() if key is not None}

    def _look(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino

    def _read(self) -> None:
        try:
            self._keys = FarmKeys.decode(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as exc:
            _log.error(
                "%s can't be read, and the keys that were read from it last still count: %s", self._path, _words(exc)
            )


def _words(exc: OSError | ValueError) -> str:
    return (exc.strerror or str(exc)) if isinstance(exc, OSError) else str(exc)
