"""What workers see of a job: the miner's name in place of its id, wherever the server repeats that id."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fleet.domain.miner_names import IdHider
from tasks.data_size import data_text
from tasks.messages import JobMessage, is_job_id

#: between a server's name, which never holds it, and the id of a job
_MARK = ":"
#: most stand-ins that are remembered; no server is known to put a miner's id into a job id
_MOST = 100_000


def of_server(server: str, job_id: str) -> str:
    """A job's id among those of several servers, whose own ids may be equal: `SERVER:ID`, or `ID` for the only one."""
    return f"{server}{_MARK}{job_id}" if server else job_id


def split_id(job_id: str) -> tuple[str, str]:
    """The server's name and the server's id of a job, from an id that `of_server` made for one of several servers."""
    server, _, own = job_id.partition(_MARK)
    return server, own


class Disguise:
    """Replaces miners' ids in jobs on their way to workers, and recognizes the jobs when their results come back.

    With several servers, a job's id begins with the name of its server. A job id that holds a miner's id or is too long
    with that name is replaced by a random one, which is forgotten when this process ends: a result that arrives later
    is dropped, and the job dispatched again. The seed of the job's random numbers is the id that the worker sees. Used
    by the dispatcher's thread and by the one that takes results in.
    """

    def __init__(self, names: Mapping[str, str], servers: Mapping[str, str] | None = None) -> None:
        """`names` maps miner ids to names, `servers` to names of servers: empty for the only one."""
        self._names = names
        self._servers = servers or {}
        self._hide = IdHider(names)
        self._key = secrets.token_bytes(16)
        self._true_ids: dict[str, str] = {}

    def learn(self) -> None:
        """Hide the ids of miners that `names` has gained as well."""
        self._hide = IdHider(self._names)

    def encoded(self, message: JobMessage) -> tuple[JobMessage, dict[str, Any]]:
        """The job as workers may see it, and the object that is sent to them."""
        job_id = of_server(self._servers.get(message.miner_id, ""), message.job_id)
        shown = replace(message, job_id=self._stand_in(job_id), miner_id=self._names[message.miner_id])
        encoded = shown.encode()
        if self._hide(encoded["data"]) != encoded["data"]:
            # in the values rather than in the text, since an id of digits only could stand inside a number
            shown = replace(shown, data=self._cleaned(message.data))
            encoded = shown.encode()
        return shown, encoded

    def seen(self, server: str, job_id: str, data: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]] | None:
        """Id and data of a job as workers see them; None where they see a random id, which nobody remembers.

        `server` is the server's name in the ids that workers see, empty for the only one.
        """
        shown = of_server(server, job_id)
        if not self._is_shown(shown):
            return None
        return shown, data if self._hide(text := data_text(data)) == text else self._cleaned(data)

    def true_id(self, job_id: str) -> str:
        """The id of a job within the coordinator (see `of_server`), from the one that the worker saw."""
        return self._true_ids.get(job_id, job_id)

    def _stand_in(self, job_id: str) -> str:
        if self._is_shown(job_id):
            return job_id
        stand_in = f"hidden-{hashlib.sha256(self._key + job_id.encode()).hexdigest()[:32]}"
        self._true_ids[stand_in] = job_id
        while len(self._true_ids) > _MOST:
            del self._true_ids[next(iter(self._true_ids))]
        return stand_in

    def _is_shown(self, job_id: str) -> bool:
        return self._hide(job_id) == job_id and is_job_id(job_id)

    def _cleaned(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._hide(value)
        if isinstance(value, Mapping):
            return {self._hide(name): self._cleaned(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [self._cleaned(inner) for inner in value]
        return value
