"""Determines the proxy for calls to a server."""

from __future__ import annotations

from urllib.parse import urlsplit

from requests.utils import get_environ_proxies, select_proxy

from fleet.errors import WrongSetting

FROM_ENVIRONMENT = "env"


def proxy_of(wanted: str, server: str) -> str:
    """The http:// URL of the proxy for calls to `server`, empty for none.

    `wanted` is that URL, or "env": HTTPS_PROXY, HTTP_PROXY and NO_PROXY of the environment, and the system's own
    proxy settings. Raises WrongSetting if these name a proxy that is no http:// URL.
    """
    if wanted != FROM_ENVIRONMENT:
        return wanted
    found = select_proxy(server, get_environ_proxies(server)) or ""
    proxy = found if "://" in found or not found else f"http://{found}"
    if proxy and urlsplit(proxy).scheme != "http":
        kind = urlsplit(proxy).scheme
        raise WrongSetting(f"FLEET_HTTP__PROXY=env: the environment names a proxy by {kind}://, and only http:// works")
    return proxy
