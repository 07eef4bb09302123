"""Reads the headers Retry-After and Location of an answer, for both engines."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from urllib.parse import urljoin


def retry_after_s(header: str, now: float) -> float | None:
    """The seconds that a Retry-After header asks for, as a number or a date; None if it asks for none.

    `now` is Unix seconds.
    """
    header = header.strip()
    if header.isascii() and header.isdigit():
        return float(header) or None
    try:
        wait_s = parsedate_to_datetime(header).timestamp() - now
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return wait_s if wait_s > 0 else None


def location_of(status: int, url: str, header: str) -> str:
    """The target URL of a redirect of `url`; empty for any other answer."""
    if not (300 <= status < 400 and header):
        return ""
    try:
        return urljoin(url, header)
    except ValueError:
        return header
