"""Posts the heads of the ledger's chains to a URL, out of reach of anyone who can write the ledger."""

from __future__ import annotations

import json
import queue
import ssl
import threading
import urllib.request
from collections.abc import Sequence
from http.client import HTTPException
from pathlib import Path

from fleet.ledger.proof.heads import Head
from tasks.text import sanitized

#: how long the whole call may take, in seconds: an answer that comes byte by byte must not hold up the end of a run
_PATIENCE_S = 10.0
#: how much of a failure is shown, in characters
_SHOWN = 200


def post_heads(
    url: str, heads: Sequence[Head], ca_file: Path | None = None, *, patience_s: float = _PATIENCE_S
) -> str | None:
    """Post the heads as one JSON object. Returns why that failed, or None on success, after `patience_s` at most.

    `ca_file` holds the trusted certificate authorities; None means the system's.
    """
    body = json.dumps({"heads": [head.stated() | {"at": head.at} for head in heads]}).encode()
    ends: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    # its own limit of time is one for each read
    threading.Thread(
        target=lambda: ends.put(_failure(url, body, ca_file, patience_s)), name="head post", daemon=True
    ).start()
    try:
        failure = ends.get(timeout=patience_s)
    except queue.Empty:
        failure = f"no whole answer in {patience_s:g} s"
    return None if failure is None else f"the ledger's heads were not posted to {url}: {sanitized(failure)[:_SHOWN]}"


def _failure(url: str, body: bytes, ca_file: Path | None, patience_s: float) -> str | None:
    request = urllib.request.Request(url, data=body, headers={"Content-Type": "application/json"})  # noqa: S310 - checked at the start
    try:
        trusted = ssl.create_default_context(cafile=ca_file)
        with urllib.request.urlopen(request, timeout=patience_s, context=trusted):  # noqa: S310 - as above
            return None
    except (OSError, HTTPException, ValueError) as exc:
        return str(exc)
