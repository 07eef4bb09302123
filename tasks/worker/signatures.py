"""What a worker does with its key: it drops jobs that its farm did not sign, and signs its results.

A coordinator of an earlier release signs nothing. A worker computes jobs without a signature as long as the coordinator
does not state that it signs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tasks.broker.signing_coordinator import coordinator
from tasks.errors import SignatureError
from tasks.messages import BUNDLE_TASK, MOST_IN_BUNDLE, task_id
from tasks.signing import MAC_FIELD, WorkerKey, bundle_id, equal, job_mac, signed_result


class Signatures:
    """The key of this process, set by a worker's start before its pool forks."""

    def __init__(self) -> None:
        #: None on a host that joined before jobs and results were signed
        self.key: WorkerKey | None = None

    def check(self, name: str, task: str, argument: Any) -> None:
        """Raise SignatureError unless the farm signed each job of a message.

        `name` and `task` are the name and the id of the Celery task, `argument` its only argument.
        """
        if self.key is None:
            return
        if name != BUNDLE_TASK:
            self._check_job(self.key, argument, task)
        elif not isinstance(argument, list) or len(argument) > MOST_IN_BUNDLE:
            raise SignatureError(f"a bundle is a list of at most {MOST_IN_BUNDLE} job messages")
        else:
            for one in argument:
                self._check_job(self.key, one, None)
            self._check_together(self.key, task, argument)

    def names(self, node: str) -> tuple[str, ...]:
        """The names of this worker in the coordinator's view: its own, and that of the host that its key is for."""
        return (node,) if self.key is None else (node, f"{node.rpartition('@')[0]}@{self.key.host}")

    def signed(self, fields: dict[str, str], job: Any) -> dict[str, str]:
        """The fields of a result of `job`, signed if this worker has a key."""
        return fields if self.key is None else signed_result(self.key, fields, job if isinstance(job, dict) else None)

    def _check_together(self, key: WorkerKey, task: str, jobs: list[Any]) -> None:
        """Raise SignatureError unless the farm put these jobs together.

        Several long jobs in one message, or one that is repeated, would take the others past the time limit.
        """
        macs = [mac for job in jobs if isinstance(mac := job.get(MAC_FIELD), str)]
        if len(set(macs)) < len(macs):
            raise SignatureError("a bundle holds one job several times")
        # a coordinator of an earlier release gives its bundles random ids
        if coordinator.binds and not equal(task, bundle_id(key.job, macs)):
            raise SignatureError(f"the farm did not put the {len(jobs)} jobs of the bundle {task[:80]!r} together")

    def _check_job(self, key: WorkerKey, job: Any, task: str | None) -> None:
        if not isinstance(job, Mapping):
            raise SignatureError(f"a job message is an object, not {type(job).__name__}")
        if MAC_FIELD not in job and not coordinator.signs:
            return
        mac = job_mac(key.job, job)
        if not equal(job.get(MAC_FIELD), mac):
            what = "a wrong signature" if MAC_FIELD in job else "no signature"
            raise SignatureError(f"the job {str(job['job_id'])[:80]!r} has {what}")
        # the result is stored under the id of the Celery task
        if task is not None and task != task_id(job["job_id"], job["attempt"]):
            raise SignatureError(f"the job {job['job_id']!r} came as the task {task[:80]!r}")


signatures = Signatures()
