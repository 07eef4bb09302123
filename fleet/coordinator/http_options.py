"""Turns the settings into the engine and the options for calls to the server."""

from __future__ import annotations

from config.server_tables import ServerSettings
from config.settings import Settings
from fleet.server.http.authorities import check_authorities
from fleet.server.http.choice import EngineName, chosen
from fleet.server.http.interface import Options
from fleet.server.http.proxy import proxy_of


def http_options(settings: Settings, server: ServerSettings | None) -> tuple[EngineName, Options]:
    """The engine for calls to `server`, and its options. None is the simulator, which is on this machine.

    Raises WrongSetting.
    """
    http = settings.http
    check_authorities(http.ca_file)
    proxy = http.proxy if server is None or server.proxy is None else server.proxy
    interface = http.interface if server is None or server.interface is None else server.interface
    return chosen(http.engine), Options(
        deadline_s=http.call_deadline_s,
        connect_timeout_s=http.connect_timeout_s,
        max_body_bytes=http.max_body_bytes,
        connections=http.connections,
        ca_file=http.ca_file,
        proxy=proxy_of(proxy.get_secret_value(), server.url) if proxy and server else "",
        interface=(interface or "") if server else "",
    )
