"""How large a job's data may be on its way to a worker, measured as the text that is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tasks.compact_json import compact

#: longest data of a job as text, and of the jobs of a bundle together. On the way, quoting doubles the text at most and
#: base64 adds a third: such a message is below 1 MB, and Redis breaks a connection over one of 2 MB
MAX_DATA_BYTES = 256 * 1024
#: how many times longer data is at most as that text than as the JSON that it was read from: a byte 7F becomes an
#: escape of six, and `1e15` becomes `1000000000000000.0`
_MOST_GROWTH = 6


def data_text(data: Mapping[str, Any]) -> str:
    """A job's data as the ASCII text that is sent to a worker, which measures this text."""
    return compact(dict(data))


def surely_fits(answer_bytes: int) -> bool:
    """Whether the data in an answer of this size can be sent to a worker without being measured."""
    return answer_bytes * _MOST_GROWTH <= MAX_DATA_BYTES


def too_large(data: Mapping[str, Any]) -> str:
    """Why a job's data is too large to be sent to a worker, empty if it is not."""
    size = len(data_text(data))
    return f"data of {size} bytes, at most {MAX_DATA_BYTES} are sent to a worker" if size > MAX_DATA_BYTES else ""
