"""Checks the user name and password of a visitor to Flower."""

from __future__ import annotations

import base64
import binascii
import hmac


def admits(header: str, expected: str) -> bool:
    """Whether a request's `Authorization` header carries `expected`, which is `user:password`.

    Both are compared as UTF-8, which browsers send. Commas and all other characters are taken literally.
    """
    scheme, _, encoded = header.strip().partition(" ")
    if scheme.lower() != "basic":
        return False
    try:
        given = base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        return False
    # an environment variable may hold bytes that are not UTF-8
    return hmac.compare_digest(given, expected.encode("utf-8", "surrogateescape"))
