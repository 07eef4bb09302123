"""Chooses the engine for the miners' calls, by the settings and by what is installed."""

from __future__ import annotations

import importlib
from typing import Literal

from fleet.errors import WrongSetting

EngineName = Literal["auto", "requests", "curl"]


def chosen(wanted: EngineName) -> Literal["requests", "curl"]:
    """The engine that `wanted` means on this machine. Raises WrongSetting if it is not installed."""
    if wanted == "requests":
        return "requests"
    lack = _lack_of_curl()
    if not lack:
        return "curl"
    if wanted == "curl":
        raise WrongSetting(
            f"FLEET_HTTP__ENGINE=curl needs pycurl: {lack}; pip install 'neonet-fleet[fast]', or leave it at auto"
        )
    return "requests"


def _lack_of_curl() -> str:
    """Why libcurl can't be used; empty if it can."""
    try:
        pycurl = importlib.import_module("pycurl")
    except ImportError as exc:
        return str(exc)
    return "" if hasattr(pycurl, "AsyncCurlMulti") else f"{pycurl.version} is too old"
