"""The errors on a worker host, grouped by what the caller can do about them.

TaskError
├── PayloadError         give up: the job's data is absurd, every attempt would end the same
├── UnknownJobTypeError  give up: no kernel of that name in this release
├── OutOfMemoryError     try again, elsewhere perhaps: the host had too little memory for the kernel
├── TooFewFilesError     give up: start again with a higher limit of open files, or with fewer processes
├── MeasurementError     give up: this host can't be measured, or computes differently from one process to another
├── GpuError             go on without it: a GPU can't be used, or computes something else than the processor
├── SignatureError       give up: the message or the result was not signed by whom it names
└── MessageError         give up: the message or the result has another wire version or a wrong shape
"""

from __future__ import annotations


class TaskError(Exception):
    """The base of all errors that `tasks` raises on purpose."""


class PayloadError(TaskError):
    """A field of a job's `data` is out of bounds; nothing was allocated for it.

    `field` is the dotted path, `value` the (shortened) value, `bound` the allowed range.
    """

    def __init__(self, field: str, value: object, bound: str) -> None:
        self.field = field
        self.value = value
        self.bound = bound
        super().__init__(f"data.{field} is {shortened(value)}, must be {bound}")

    def __reduce__(self) -> tuple[type[PayloadError], tuple[str, object, str]]:
        return type(self), (self.field, self.value, self.bound)


class UnknownJobTypeError(TaskError):
    """No kernel computes this job type."""

    def __init__(self, job_type: str) -> None:
        self.job_type = job_type
        super().__init__(f"no kernel computes job type {shortened(job_type)}")

    def __reduce__(self) -> tuple[type[UnknownJobTypeError], tuple[str]]:
        return type(self), (self.job_type,)


class OutOfMemoryError(TaskError):
    """A kernel asked for more memory than its host has.

    It replaces MemoryError, on which Celery ends the whole worker and puts its jobs back for the next one.
    """


class TooFewFilesError(TaskError):
    """The processes of a worker need more open files than the system allows."""


class MeasurementError(TaskError):
    """A host's speed can't be measured."""


class GpuError(TaskError):
    """A GPU can't be used."""


class SignatureError(TaskError):
    """A job without the farm's signature, or a result without that of its host."""


class MessageError(TaskError):
    """A message between coordinator and worker is malformed or of another version."""


def shortened(value: object, limit: int = 80) -> str:
    """A value's repr for a message, cut to `limit` characters."""
    text = repr(value)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
