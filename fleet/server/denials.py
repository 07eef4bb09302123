"""Maps an answer other than 200 to an error, by status and the server's words (docs/protocol-notes.md, 8 and 16).

Only an answer in the protocol's form says anything about a job. A page from a proxy in front of the server does not,
whatever its status: the request is then kept and sent again later.
"""

from __future__ import annotations

import json
from types import UnionType
from typing import Any

from fleet.errors import (
    Banned,
    CallError,
    Foreign,
    JobCompleted,
    JobUnknown,
    NoSuchCall,
    NotRegistered,
    RateLimited,
    Refused,
    ServerFault,
    SessionLost,
)
from fleet.server.numbers import optional_number
from fleet.server.pages import page_words
from tasks.errors import shortened
from tasks.text import sanitized

_RETRY_AFTER_CAP_S = 300.0
#: longest wait before the next call during a ban, in seconds, however long the ban is said to last
_LONGEST_BAN_S = 3600.0

#: (status, start of the lower-cased detail) → error; the first match counts
_ERRORS: tuple[tuple[int, str, type[CallError]], ...] = (
    (400, "task already completed", JobCompleted),
    (400, "not registered", NotRegistered),
    (404, "contributor not", NotRegistered),
    (400, "no active session", SessionLost),
    (400, "session not found", SessionLost),
    (404, "session not found", SessionLost),
    (403, "session belongs to another", SessionLost),
    (404, "task not found", JobUnknown),
    (404, "not found", NoSuchCall),
    (405, "method not allowed", NoSuchCall),
)
#: statuses by which a server decides on a request → type of the server's own `detail`
_DECIDES: dict[int, type | UnionType] = {400: str, 403: str, 404: str, 422: str | list}


def error_of(status: int, body: bytes, retry_after_s: float | None, location: str = "") -> CallError:
    """The error for an answer. `location` is the target of a redirect."""
    if status == 429:
        return RateLimited(retry_after_s and min(retry_after_s, _RETRY_AFTER_CAP_S))
    answer = _json_object(body)
    detail = _stated(answer.get("detail"), _DECIDES.get(status, str))
    if status >= 500:
        return ServerFault(status, detail or page_words(body))
    if status == 403 and isinstance(answer.get("error"), str):
        return Banned(f"403: {_ban(answer)}", _unblock_in_s(answer))
    for known_status, start, error in _ERRORS:
        if detail and status == known_status and detail.lower().startswith(start):
            return error(detail)
    if detail and status in _DECIDES:
        return Refused(status, detail)
    if location:
        return Foreign(status, f"redirected to {sanitized(location[:200])}", sanitized(location[:200]))
    return Foreign(status, page_words(body))


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _stated(detail: object, kind: type | UnionType) -> str:
    """The `detail` of an error from the server's framework, words or a list of flaws; empty if of another type."""
    if not detail or not isinstance(detail, kind):
        return ""
    return sanitized(detail[:200]) if isinstance(detail, str) else shortened(detail, 200)


def _unblock_in_s(answer: dict[str, Any]) -> float | None:
    seconds = optional_number(answer.get("unblock_in"))
    return min(seconds, _LONGEST_BAN_S) if seconds is not None and seconds > 0 else None


def _ban(answer: dict[str, Any]) -> str:
    """The reason for a ban and its duration, as far as the server states them."""
    said = [sanitized(answer[name][:80]) for name in ("error", "reason") if isinstance(answer.get(name), str)]
    seconds = optional_number(answer.get("unblock_in"))
    lasts = [f"for {seconds:g} s"] if seconds is not None else []
    return ", ".join([*said, *lasts])
