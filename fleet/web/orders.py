"""Orders that come over the HTTP API: pause, drain, resume and retry, each by the holder of a token that allows it."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from fleet.control.control import STEERED, ControlChange, Target, TargetKind
from fleet.control.ends import end_ms
from fleet.control.request import WITHOUT_SESSIONS, ControlRequest, usual_stop_after_s
from fleet.control.stated import control_stated, entry_stated
from fleet.control.wording import announced
from fleet.domain.calendar import Calendar
from fleet.domain.durations import seconds
from fleet.errors import ControlRefused, LedgerBusy, LedgerError
from fleet.status.control_desk import Desk
from fleet.web.api import ApiAnswer, api_answer, api_error
from fleet.web.reading import LedgerThread

#: entries of the log that are shown, and controls
_ENTRIES, _CONTROLS = 50, 200
#: orders that may wait for the one that is followed
_MOST_WAITING = 32
_FIELDS = frozenset({"kind", "name", "reason", "for", "until", "stop_after", "keep_session", "replace"})
_OF_ALL = frozenset({"kind", "name", "reason"})
#: the fields that each change takes
_TAKEN = {
    ControlChange.PAUSE: _FIELDS,
    ControlChange.DRAIN: _OF_ALL | {"for", "until", "replace"},
    ControlChange.RESUME: _OF_ALL,
    ControlChange.RETRY: _OF_ALL,
}
#: values with which a field says nothing
_NOTHING = (None, "", False)
_FORM = 'send an object such as {"kind": "miner", "name": "garage-1", "for": "2h"}'
#: the words of the changes that may be asked for
CHANGES = tuple(
    change.value for change in (ControlChange.PAUSE, ControlChange.DRAIN, ControlChange.RESUME, ControlChange.RETRY)
)


class Orders:
    """Follows orders, one at a time, on a thread of its own. All methods run on one event loop."""

    def __init__(self, desk: Callable[[], Desk], calendar: Calendar, now_ms: Callable[[], int]) -> None:
        self._desk, self._calendar, self._now_ms = desk, calendar, now_ms
        self._thread = LedgerThread("orders")
        #: orders that wait or are followed now, and readings of each kind
        self._waiting = 0
        self._readings: dict[str, asyncio.Task[ApiAnswer]] = {}

    def close(self) -> None:
        """End the thread after the order that it follows."""
        self._thread.close()

    async def take(self, change: ControlChange, body: bytes, who: str) -> ApiAnswer:
        """Follow the order in a request's body, which `who` gives."""
        if self._waiting >= _MOST_WAITING:
            return api_error(503, "too many orders at once; nothing was changed: ask again in a second")
        self._waiting += 1
        try:
            return await self._answered(lambda desk: self._followed(desk, change, body, who))
        finally:
            self._waiting -= 1

    async def in_force(self) -> ApiAnswer:
        """What is paused or drained now."""
        return await self._read("controls", self._controls)

    async def log(self) -> ApiAnswer:
        """The last changes."""
        return await self._read(
            "log", lambda desk: api_answer(200, {"entries": [entry_stated(one) for one in desk.book.log(_ENTRIES)]})
        )

    async def _read(self, kind: str, make: Callable[[Desk], ApiAnswer]) -> ApiAnswer:
        """What `make` reads, once for all who ask meanwhile, so that no number of visitors holds up an order.

        It is read after every order that was answered before: the thread takes its work in turn.
        """
        task = self._readings.get(kind)
        if task is None or task.done():
            task = self._readings[kind] = asyncio.ensure_future(self._answered(make))
        # a visitor who goes away does not end it for the others
        return await asyncio.shield(task)

    def _followed(self, desk: Desk, change: ControlChange, body: bytes, who: str) -> ApiAnswer:
        now_ms = self._now_ms()
        followed = desk.order(requested(change, fields_of(body), who, self._calendar, now_ms))
        lines = announced(followed, self._calendar, now_ms, runs=desk.runs)
        return api_answer(200, {"entry": entry_stated(followed.entry), "text": list(lines)})

    def _controls(self, desk: Desk) -> ApiAnswer:
        now_ms, found = self._now_ms(), desk.book.in_force()
        rows = [control_stated(one, self._calendar, now_ms) for one in list(found)[:_CONTROLS]]
        return api_answer(200, {"found": len(found), "controls": rows})

    async def _answered(self, make: Callable[[Desk], ApiAnswer]) -> ApiAnswer:
        def answer() -> ApiAnswer:
            with contextlib.closing(self._desk()) as desk:
                return make(desk)

        try:
            return await self._thread.done(answer)
        except BadOrderError as exc:
            return api_error(400, str(exc))
        except ControlRefused as exc:
            return api_error(409, str(exc))
        except LedgerBusy as exc:
            return api_error(503, f"{exc}; nothing was changed: ask again")
        except LedgerError as exc:
            return api_error(503, f"{exc}; nothing was changed")


class BadOrderError(ValueError):
    """A request that no farm could follow; the message says what to write."""


def fields_of(body: bytes) -> Mapping[str, Any]:
    """The fields of an order. Raises BadOrderError for anything but one JSON object of known fields."""
    try:
        found = json.loads(body or b"{}")
    except (ValueError, RecursionError) as exc:
        raise BadOrderError(f"the body is not JSON: {exc!s:.200}; {_FORM}") from exc
    if not isinstance(found, dict):
        raise BadOrderError(f"the body must be one JSON object; {_FORM}")
    unknown = sorted(found.keys() - _FIELDS)
    if unknown:
        raise BadOrderError(f"unknown field {unknown[0]!r:.80}; there are {', '.join(sorted(_FIELDS))}")
    return found


def requested(
    change: ControlChange, fields: Mapping[str, Any], who: str, calendar: Calendar, now_ms: int
) -> ControlRequest:
    """The request that these fields make. Raises BadOrderError, and ControlRefused for an end that can't be."""
    kinds = [kind.value for kind in STEERED]
    kind, name = fields.get("kind"), _text(fields, "name")
    if kind is None:
        raise BadOrderError('the order has no kind: add the field "kind", one of ' + ", ".join(kinds))
    if kind not in kinds:
        raise BadOrderError(f"kind is {kind!r:.80}; write one of {', '.join(kinds)}")
    if (kind == TargetKind.FARM.value) is bool(name):
        raise BadOrderError("the farm has no name" if name else f'no {kind} is named: add the field "name"')
    without_effect = [field for field in sorted(fields.keys() - _TAKEN[change]) if fields[field] not in _NOTHING]
    if without_effect:
        raise BadOrderError(f"a {change.value} takes no {without_effect[0]!r}: leave it out")
    keeps, replaces = _flag(fields, "keep_session"), _flag(fields, "replace")
    stop_after_s, usual_s = _duration(fields, "stop_after"), usual_stop_after_s(TargetKind(kind))
    if TargetKind(kind) in WITHOUT_SESSIONS and (keeps or stop_after_s is not None):
        raise BadOrderError(f"a {kind} has no session to keep or to stop")
    if keeps and stop_after_s is not None:
        raise BadOrderError("keep_session never stops the sessions, and stop_after does; give one")
    return ControlRequest(
        change=change,
        target=Target(kind=TargetKind(kind), name=name),
        who=who,
        reason=_text(fields, "reason"),
        until_ms=end_ms(_duration(fields, "for"), _text(fields, "until") or None, calendar, now_ms),
        stop_after_s=None if keeps else usual_s if stop_after_s is None else stop_after_s,
        replaces=replaces,
    )


def _text(fields: Mapping[str, Any], field: str) -> str:
    value = fields.get(field, "")
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadOrderError(f"{field} is {value!r:.80}; write a string")
    return value.strip()


def _flag(fields: Mapping[str, Any], field: str) -> bool:
    value = fields.get(field, False)
    if not isinstance(value, bool):
        raise BadOrderError(f"{field} is {value!r:.80}; write true or false")
    return value


def _duration(fields: Mapping[str, Any], field: str) -> float | None:
    text = _text(fields, field)
    if not text:
        return None
    found = seconds(text)
    if found is None:
        raise BadOrderError(f"{field} is {text!r:.80}; write a duration, e.g. 90s, 5m or 1h30m")
    return found
