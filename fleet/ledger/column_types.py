"""Compact encodings of ids and job histories, which a ledger holds by the million."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Dialect, String
from sqlalchemy.types import TypeDecorator

from fleet.domain.jobs import JobState

_UUID_CHARACTERS = 36
_UUID_DIGITS = 32
#: the letter for each state in a job's history
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
    """A column of ids: text everywhere, except that SQLite stores a UUID as its 16 bytes."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | bytes | None:
        """The value to store in the database."""
        return value if value is None or dialect.name != "sqlite" else packed(value)

    def process_result_value(self, value: str | bytes | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """The id that a stored value stands for."""
        return value if value is None else unpacked(value)


def packed(text: str) -> str | bytes:
    """The 16 bytes of a UUID in lower case with dashes, as servers write it; any other text unchanged."""
    if len(text) != _UUID_CHARACTERS:
        return text
    digits = text.replace("-", "")
    try:
        raw = bytes.fromhex(digits)
    except ValueError:
        return text
    dashed = len(digits) == _UUID_DIGITS and text[8] == text[13] == text[18] == text[23] == "-"
    return raw if dashed and raw.hex() == digits else text


def unpacked(value: str | bytes) -> str:
    """The text that was passed to `packed`."""
    if isinstance(value, str):
        return value
    digits = value.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """A state that a job entered, and when."""

    state: JobState
    attempt: int
    #: milliseconds since the job was first assigned
    after_ms: int


def begun(state: JobState, attempt: int) -> str:
    """The encoded beginning of an event: its letter, its attempt and a point. The time follows."""
    return f"{LETTERS[state]}{attempt}."


def life(events: str) -> list[Event]:
    """The events of a job in order, decoded from `<letter><attempt>.<ms since first assigned>`, separated by commas.

    An event that was cut off at the start of a very long history is left out.
    """
    found = []
    for event in events.split(","):
        head, point, ms = event.partition(".")
        state = _STATES.get(head[:1])
        if state is not None and point and head[1:].isdigit() and ms.isdigit():
            found.append(Event(state=state, attempt=int(head[1:]), after_ms=int(ms)))
    return found
