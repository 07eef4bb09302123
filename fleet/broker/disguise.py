"""What workers see of a job: the miner's name in place of its id, wherever the server repeats that id."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fleet.domain.miner_names import IdHider
from tasks.messages import JobMessage

#: most stand-ins that are remembered; no server is known to put a miner's id into a job id
_MOST = 100_000


class Disguise:
    """Replaces miners' ids in jobs on their way to workers, and recognizes the jobs when their results come back.

    A job id that holds a miner's id is replaced by a random one, which is forgotten when this process ends: a result
    that arrives later is dropped, and the job dispatched again. The seed of the job's random numbers is the id that the
    worker sees. Used by the dispatcher's thread and by the one that takes results in.
    """

    def __init__(self, names: Mapping[str, str]) -> None:
        """`names` maps miner ids to names."""
        self._names = names
        self._hide = IdHider(names)
        self._key = secrets.token_bytes(16)
        self._true_ids: dict[str, str] = {}

    def encoded(self, message: JobMessage) -> tuple[JobMessage, dict[str, Any]]:
        """The job as workers may see it, and the object that is sent to them."""
        shown = replace(message, job_id=self._stand_in(message.job_id), miner_id=self._names[message.miner_id])
        encoded = shown.encode()
        if self._hide(encoded["data"]) != encoded["data"]:
            # in the values rather than in the text, since an id of digits only could stand inside a number
            shown = replace(shown, data=self._cleaned(message.data))
            encoded = shown.encode()
        return shown, encoded

    def true_id(self, job_id: str) -> str:
        """The server's id of a job, from the one that the worker saw."""
        return self._true_ids.get(job_id, job_id)

    def _stand_in(self, job_id: str) -> str:
        if self._hide(job_id) == job_id:
            return job_id
        stand_in = f"hidden-{hashlib.sha256(self._key + job_id.encode()).hexdigest()[:32]}"
        self._true_ids[stand_in] = job_id
        while len(self._true_ids) > _MOST:
            del self._true_ids[next(iter(self._true_ids))]
        return stand_in

    def _cleaned(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._hide(value)
        if isinstance(value, Mapping):
            return {self._hide(name): self._cleaned(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [self._cleaned(inner) for inner in value]
        return value
