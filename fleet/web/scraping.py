"""Serves /metrics to a Prometheus in another container or on another machine, which shows a token.

Any name of this machine is answered: a web page that reaches it by one has no token.
"""

from __future__ import annotations

import hmac

from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from tornado.httputil import HTTPServerRequest

from fleet.web.farm_metrics import MetricsText
from fleet.web.listener import Listener, respond


class ScrapeServer(Listener):
    """Answers GET /metrics where the request shows the token. Raises OSError where the port can't be bound."""

    def __init__(self, metrics: MetricsText, address: str, port: int, *, token: str) -> None:
        self._metrics = metrics
        self._shown = f"Bearer {token}".encode()
        super().__init__(self._page, address, port, name="scraping")

    def _page(self, request: HTTPServerRequest) -> None:
        given = request.headers.get("Authorization", "").encode(errors="replace")
        if not hmac.compare_digest(given, self._shown):
            respond(request, 401, more={"WWW-Authenticate": "Bearer"})
        elif request.method not in {"GET", "HEAD"}:
            respond(request, 405)
        elif request.path != "/metrics":
            respond(request, 404)
        else:
            respond(request, 200, self._metrics.text(), CONTENT_TYPE_PLAIN_0_0_4)
