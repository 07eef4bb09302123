"""What the simulator answers instead of a deed, and what its operator can mistype.

SimulatorError
├── RefusalError       the caller hears a 4xx with this `detail`
├── InvalidBodyError   the caller hears a 422 with this list of `detail`
├── CrashError         the caller hears a plain-text 500; what was done before stays done
└── OptionError       the operator gave a flag or a control call that means nothing
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class SimulatorError(Exception):
    """Root of everything that the simulator raises on purpose."""


class RefusalError(SimulatorError):
    """A call that the server understood and turns down."""

    def __init__(self, status: int, detail: str) -> None:
        self.status = status
        self.detail = detail
        super().__init__(f"{status} {detail}")


class InvalidBodyError(SimulatorError):
    """A body that doesn't fit the road's model; `detail` as the real servers' framework words it."""

    def __init__(self, detail: Sequence[Mapping[str, object]]) -> None:
        self.detail = detail
        super().__init__(f"{len(detail)} fields of the body are invalid")


class CrashError(SimulatorError):
    """The server broke while it answered; the deed before it stays."""


class OptionError(SimulatorError):
    """A setting of the simulator, with what was given and what is allowed."""

    def __init__(self, name: str, value: object, bound: str) -> None:
        self.name = name
        self.value = value
        self.bound = bound
        super().__init__(f"{name} is {value!r}, must be {bound}")
