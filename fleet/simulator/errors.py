"""The simulator's errors: refusals to callers, and mistakes in its operator's options.

SimulatorError
├── RefusalError       the caller gets a 4xx with this `detail`
├── InvalidBodyError   the caller gets a 422 with this list of `detail`
├── CrashError         the caller gets a plain-text 500; what was done before stays done
└── OptionError        the operator gave an invalid flag or control call
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class SimulatorError(Exception):
    """The base of all errors that the simulator raises on purpose."""


class RefusalError(SimulatorError):
    """A call that the server understood and refuses."""

    def __init__(self, status: int, detail: str) -> None:
        self.status = status
        self.detail = detail
        super().__init__(f"{status} {detail}")


class InvalidBodyError(SimulatorError):
    """A body that doesn't fit the endpoint's model; `detail` is in the wording of the real servers' framework."""

    def __init__(self, detail: Sequence[Mapping[str, object]]) -> None:
        self.detail = detail
        super().__init__(f"{len(detail)} fields of the body are invalid")


class CrashError(SimulatorError):
    """The server failed while answering; what it had done stays done."""


class OptionError(SimulatorError):
    """An invalid setting of the simulator, with its value and the allowed ones."""

    def __init__(self, name: str, value: object, bound: str) -> None:
        self.name = name
        self.value = value
        self.bound = bound
        super().__init__(f"{name} is {value!r}, must be {bound}")
