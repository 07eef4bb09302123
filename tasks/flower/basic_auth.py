"""Whether a visitor of Flower knows the user and the password."""

from __future__ import annotations

import base64
import binascii
import hmac


def admits(header: str, expected: str) -> bool:
    """Whether the `Authorization` header of a request carries `expected`, which is `user:password`.

    Both are compared as UTF-8, which browsers send; a comma and any other letter mean themselves.
    """
    scheme, _, encoded = header.strip().partition(" ")
    if scheme.lower() != "basic":
        return False
    try:
        given = base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        return False
    # a variable of the environment may hold bytes that are no UTF-8
    return hmac.compare_digest(given, expected.encode("utf-8", "surrogateescape"))
