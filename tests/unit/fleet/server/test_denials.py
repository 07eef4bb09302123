"""Each refusal of a server says what the miner can do, and how long to wait."""

from __future__ import annotations

import pytest

from fleet.errors import (
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
from fleet.server.denials import error_of


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, b'{"detail": "Task already completed"}', JobCompleted),
        (404, b'{"detail": "Contributor not registered"}', NotRegistered),
        (400, b'{"detail": "Not registered. Call /ai-energy/register first"}', NotRegistered),
        (400, b'{"detail": "No active session. Start a session first."}', SessionLost),
        (400, b'{"detail": "Session not found"}', SessionLost),
        (403, b'{"detail": "Session belongs to another contributor"}', SessionLost),
        (404, b'{"detail": "Task not found"}', JobUnknown),
        (404, b'{"detail": "Not Found"}', NoSuchCall),
        (422, b'{"detail": [{"type": "missing"}]}', Refused),
        (302, b"", Foreign),
        (429, b'{"detail": "Too many requests. Please try again later."}', RateLimited),
        (500, b"Internal Server Error", ServerFault),
        (503, b"<html>", ServerFault),
        (400, b"[" * 100_000, Foreign),
    ],
)
def test_each_refusal_says_what_the_miner_can_do(status: int, body: bytes, error: type[CallError]) -> None:
    assert type(error_of(status, body, None)) is error


@pytest.mark.parametrize(("stated_s", "believed_s"), [(5.0, 5.0), (1e9, 300.0), (None, None)])
def test_retry_after_is_believed_within_reason(stated_s: float | None, believed_s: float | None) -> None:
    refusal = error_of(429, b"", stated_s)
    assert isinstance(refusal, RateLimited)
    assert refusal.retry_after_s == believed_s
