"""Posts the heads of the ledger's chains to a URL, out of reach of anyone who can write the ledger."""

from __future__ import annotations

import json
import ssl
import urllib.request
from collections.abc import Sequence
from http.client import HTTPException
from pathlib import Path

from fleet.ledger.heads import Head

_PATIENCE_S = 10.0


def post_heads(url: str, heads: Sequence[Head], ca_file: Path | None = None) -> str | None:
    """Post the heads as one JSON object. Returns why that failed, or None on success.

    `ca_file` holds the trusted certificate authorities; None means the system's.
    """
    body = json.dumps({"heads": [head.stated() | {"at": head.at} for head in heads]}).encode()
    request = urllib.request.Request(url, data=body, headers={"Content-Type": "application/json"})  # noqa: S310 - checked at the start
    try:
        trusted = ssl.create_default_context(cafile=ca_file)
        with urllib.request.urlopen(request, timeout=_PATIENCE_S, context=trusted):  # noqa: S310 - as above
            return None
    except (OSError, HTTPException, ValueError) as exc:
        return f"the ledger's heads were not posted to {url}: {exc}"
