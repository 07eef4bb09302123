"""The simulator's HTTP answers and their JSON encoding."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

JSON = "application/json"
TEXT = "text/plain; charset=utf-8"
HTML = "text/html; charset=utf-8"

_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
_RAW = re.compile(r'"\x7fraw:([^"]*)"')


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """One answer: status, body, and headers other than the length."""

    status: int = 200
    body: bytes
    content_type: str = JSON
    #: further headers
    headers: tuple[tuple[str, str], ...] = ()
    #: whether the server closes the connection shortly after the answer, without announcing it
    closes: bool = False


def encode(value: object) -> bytes:
    """Compact JSON as the real servers write it. NaN and Infinity are allowed, lone surrogates are escaped."""
    return _encode(value).encode("utf-8", "backslashreplace")


def raw_number(text: str) -> str:
    """A placeholder for a number that no Python float represents, such as 1e400; `encode_raw` writes `text` itself."""
    return f"\x7fraw:{text}"


def encode_raw(value: object) -> bytes:
    """As `encode`, with each `raw_number` written literally."""
    return _RAW.sub(r"\1", _encode(value)).encode("utf-8", "backslashreplace")


def answer_json(value: Mapping[str, object], status: int = 200) -> Answer:
    """An answer with a JSON object."""
    return Answer(status=status, body=encode(value))


def detail(status: int, text: object) -> Answer:
    """An error as the server's framework sends it: an object with `detail`."""
    return answer_json({"detail": text}, status)


SERVER_ERROR = Answer(status=500, body=b"Internal Server Error", content_type=TEXT, closes=True)
NOT_FOUND = detail(404, "Not Found")
TOO_MANY = detail(429, "Too many requests. Please try again later.")
