"""Serves /metrics on 127.0.0.1, without a password: this machine's users can read it.

Pages of a browser on this machine can't read it by another name of 127.0.0.1: only its own names are answered.
"""

from __future__ import annotations

from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from tornado.httputil import HTTPServerRequest

from fleet.web.farm_metrics import MetricsText
from fleet.web.listener import Listener, respond

_HOST = "127.0.0.1"
_NAMES = frozenset({"127.0.0.1", "localhost"})


class MetricsServer(Listener):
    """Answers GET /metrics. Raises OSError where the port can't be bound."""

    def __init__(self, metrics: MetricsText, port: int) -> None:
        self._metrics = metrics
        super().__init__(self._page, _HOST, port, name="web")

    def _page(self, request: HTTPServerRequest) -> None:
        status = _status(request)
        if status == 200:
            respond(request, 200, self._metrics.text(), CONTENT_TYPE_PLAIN_0_0_4)
        else:
            respond(request, status)


def _status(request: HTTPServerRequest) -> int:
    if request.host_name not in _NAMES:
        return 403
    if request.method not in {"GET", "HEAD"}:
        return 405
    return 200 if request.path == "/metrics" else 404
