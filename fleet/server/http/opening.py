"""Opens a transport with the engine that the settings choose."""

from __future__ import annotations

import importlib
from dataclasses import replace

from fleet.server.http.by_requests import RequestsEngine
from fleet.server.http.choice import EngineName, chosen
from fleet.server.http.interface import Engine, Options
from fleet.server.http.transport import Transport

#: connections for requests other than the miners' calls
_OTHERS = 2


def open_transport(wanted: EngineName, options: Options) -> Transport:
    """A transport that uses this engine for the miners' calls, and requests for all others. Raises WrongSetting."""
    if chosen(wanted) == "requests":
        return Transport(RequestsEngine(options))
    curl: Engine = importlib.import_module("fleet.server.http.by_curl").CurlEngine(options)
    return Transport(curl, RequestsEngine(replace(options, connections=_OTHERS)))
