"""How the ledger spells, small, what it holds a million times: ids, and the life of a job."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Dialect, String
from sqlalchemy.types import TypeDecorator

from fleet.domain.jobs import JobState

_UUID_CHARACTERS = 36
#: a state in the life of a job
LETTERS = {
    JobState.ASSIGNED: "a",
    JobState.DISPATCHED: "d",
    JobState.COMPUTED: "c",
    JobState.SUBMITTING: "s",
    JobState.ACCEPTED: "p",
    JobState.ALREADY_COMPLETED: "y",
    JobState.REJECTED: "r",
    JobState.EXPIRED: "x",
    JobState.QUARANTINED: "q",
}
_STATES = {letter: state for state, letter in LETTERS.items()}


class Id(TypeDecorator[str]):
    """An id, which is text everywhere but in SQLite: one that is a UUID lies there as its 16 bytes."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | bytes | None:
        """What goes into the database."""
        return value if value is None or dialect.name != "sqlite" else packed(value)

    def process_result_value(self, value: str | bytes | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """What comes out of it."""
        return value if value is None else unpacked(value)


def packed(text: str) -> str | bytes:
    """The 16 bytes of a UUID that is spelt as servers spell it, lower case with dashes; any other text as it is."""
    if len(text) != _UUID_CHARACTERS:
        return text
    try:
        raw = bytes.fromhex(text.replace("-", ""))
    except ValueError:
        return text
    return raw if unpacked(raw) == text else text


def unpacked(value: str | bytes) -> str:
    """What `packed` was given."""
    if isinstance(value, str):
        return value
    digits = value.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """A state that a job entered."""

    state: JobState
    attempt: int
    #: milliseconds since the job was assigned first
    after_ms: int


def begun(state: JobState, attempt: int) -> str:
    """The spelling of an event up to its time: a letter, the attempt, a point."""
    return f"{LETTERS[state]}{attempt}."


def life(events: str) -> list[Event]:
    """The events of a job in order: `<letter><attempt>.<ms since it was assigned first>`, separated by commas.

    What is cut off at the beginning of a very long life is left out.
    """
    found = []
    for event in events.split(","):
        head, point, ms = event.partition(".")
        state = _STATES.get(head[:1])
        if state is not None and point and head[1:].isdigit() and ms.isdigit():
            found.append(Event(state=state, attempt=int(head[1:]), after_ms=int(ms)))
    return found
