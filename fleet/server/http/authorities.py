"""Checks the file of certificate authorities before any call needs it."""

from __future__ import annotations

import ssl
from pathlib import Path

from fleet.errors import WrongSetting


def check_authorities(ca_file: Path | None) -> None:
    """Raise WrongSetting if the file is missing, can't be read, or holds no certificate. None is always fine."""
    if ca_file is None:
        return
    try:
        ssl.create_default_context(cafile=str(ca_file))
    except ssl.SSLError as exc:
        raise WrongSetting(f"FLEET_HTTP__CA_FILE: {ca_file} holds no certificate in PEM form") from exc
    except OSError as exc:
        raise WrongSetting(f"FLEET_HTTP__CA_FILE: {ca_file}: {exc.strerror or exc}") from exc
