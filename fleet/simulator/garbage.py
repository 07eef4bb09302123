"""Wrong answers, made by pure functions from the right ones."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from http import HTTPStatus
from http.client import responses

from fleet.simulator.answers import HTML, SERVER_ERROR, Answer, encode, encode_raw, raw_number
from fleet.simulator.faultkinds import FaultKind
from fleet.simulator.faults import Fault

_PAGE = b"<html><head><title>%s</title></head><body><center><h1>%s</h1></center><hr>nginx</body></html>\n"
_BIG_BYTES = 10_000_000
_DEPTH = 100_000
_DIGITS = 5_000
_BOMB_MEMBERS = 100


def html_page(status: int, title: str) -> Answer:
    """An error page of a proxy in front of the server."""
    text = title.encode()
    return Answer(status=status, body=_PAGE % (text, text), content_type=HTML)


def proxy_page(status: int) -> Answer:
    """A proxy's page in place of the server's answer; a redirect leads to its sign-in page."""
    if status == HTTPStatus.NO_CONTENT:
        return Answer(status=status, body=b"", content_type=HTML)
    page = html_page(status, f"{status} {responses[status]}")
    leads = 300 <= status < 400
    return replace(page, headers=(("Location", "https://proxy.invalid/sign-in"),)) if leads else page


def garble(fault: Fault, right: Answer) -> Answer:
    """The wrong answer to send instead of the right one."""
    return _GARBLERS[fault.kind](fault, right)


def _fields(right: Answer) -> dict[str, object]:
    try:
        value = json.loads(right.body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _changed_numbers(value: object, change: Callable[[float], object]) -> object:
    if isinstance(value, dict):
        return {name: _changed_numbers(item, change) for name, item in value.items()}
    if isinstance(value, list):
        return [_changed_numbers(item, change) for item in value]
    return change(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _numbers(text: str) -> Callable[[Fault, Answer], Answer]:
    def garbler(_fault: Fault, right: Answer) -> Answer:
        return replace(right, body=encode_raw(_changed_numbers(_fields(right), lambda _: raw_number(text))))

    return garbler


def _other_type(value: object) -> object:
    if isinstance(value, bool) or value is None:
        return "maybe"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, str):
        return [len(value)]
    return 7 if isinstance(value, dict) else {"length": "unknown"}


def _wrong_types(_fault: Fault, right: Answer) -> Answer:
    return replace(right, body=encode({name: _other_type(value) for name, value in _fields(right).items()}))


def _missing(fault: Fault, right: Answer) -> Answer:
    missing = fault.value.split("|") if fault.value else list(_fields(right))
    return replace(right, body=encode({k: v for k, v in _fields(right).items() if k not in missing}))


def _extra(_fault: Fault, right: Answer) -> Answer:
    extra = {"x_new_field": {"deep": [1, None, "two"]}, "__proto__": {"admin": True}, "": ""}
    return replace(right, body=encode(_fields(right) | extra))


def _receipt_reward(fault: Fault, right: Answer) -> Answer:
    fields = _fields(right)
    if "reward" in fields:
        fields["reward"] = as_written(fault.text)
    return replace(right, body=encode_raw(fields))


def _big(_fault: Fault, right: Answer) -> Answer:
    return replace(right, body=encode(_fields(right) | {"padding": "x" * _BIG_BYTES}))


def _bad_utf8(_fault: Fault, right: Answer) -> Answer:
    return replace(right, body=right.body.replace(b":", b':"\xff\xfe\xc3(",', 1))


@lru_cache(maxsize=1)
def _bomb() -> bytes:
    return gzip.compress(b"0" * 10_000_000, 9) * _BOMB_MEMBERS


def as_written(text: str) -> object:
    """A JSON value from the operator's text: a number keeps its spelling, anything else is a string."""
    try:
        float(text)
    except ValueError:
        return text
    return raw_number({"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}.get(text.lower(), text))


_FLAWS: Mapping[str, object] = {
    "nan": raw_number("NaN"),
    "infinity": raw_number("-Infinity"),
    "huge": raw_number("1e400"),
    "digits": raw_number("7" * _DIGITS),
    "deep": raw_number("[" * _DEPTH + "]" * _DEPTH),
    "surrogate": "\ud800",
}


def flawed_value(flaw: str) -> object:
    """One of DATA_FLAWS, ready to be encoded."""
    return [{"x": _FLAWS[flaw]}]


_GARBLERS: Mapping[FaultKind, Callable[[Fault, Answer], Answer]] = {
    FaultKind.ERROR_AFTER: lambda _fault, _right: SERVER_ERROR,
    FaultKind.HTML: lambda _fault, _right: html_page(200, "Welcome"),
    FaultKind.CUT_JSON: lambda _fault, right: replace(right, body=right.body[: len(right.body) // 2]),
    FaultKind.WRONG_TYPES: _wrong_types,
    FaultKind.MISSING_FIELDS: _missing,
    FaultKind.EXTRA_FIELDS: _extra,
    FaultKind.NAN: _numbers("NaN"),
    FaultKind.INFINITY: _numbers("Infinity"),
    FaultKind.RECEIPT_REWARD: _receipt_reward,
    FaultKind.BIG_BODY: _big,
    FaultKind.DEEP_NESTING: lambda _fault, right: replace(right, body=b"[" * _DEPTH + b"]" * _DEPTH),
    FaultKind.LONG_INTEGER: _numbers("7" * _DIGITS),
    FaultKind.BAD_UTF8: _bad_utf8,
    FaultKind.GZIP_BOMB: lambda _fault, right: replace(
        right, body=_bomb(), headers=(*right.headers, ("Content-Encoding", "gzip"))
    ),
}
