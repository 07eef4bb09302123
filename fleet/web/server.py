"""Serves a farm's pages, its API and /metrics."""

from __future__ import annotations

from tornado.web import Application

from fleet.web.api import Questions
from fleet.web.farm_metrics import MetricsText
from fleet.web.handlers import ApiHandler, FileHandler, HealthHandler, MetricsHandler, PageHandler
from fleet.web.listener import Listener
from fleet.web.pages import Pages
from fleet.web.visitors import Visitors

#: connections at once: a browser opens a few for each page
MOST_VISITORS = 64


class WebServer(Listener):
    """Answers admitted visitors. Raises OSError where the address can't be bound."""

    def __init__(
        self, visitors: Visitors, pages: Pages, questions: Questions, metrics: MetricsText, address: str, port: int
    ) -> None:
        given = {"visitors": visitors}
        application = Application(
            [
                (r"/healthcheck", HealthHandler, given),
                (r"/metrics", MetricsHandler, given | {"metrics": metrics}),
                (r"/static/([a-z.]+)", FileHandler, given | {"pages": pages}),
                (r"/api/v1/([a-z]+)(?:/(.*))?", ApiHandler, given | {"questions": questions}),
                (r".*", PageHandler, given | {"pages": pages}),
            ],
            # each visitor could fill the coordinator's log
            log_function=lambda _: None,
        )
        super().__init__(application, address, port, name="web", most_clients=MOST_VISITORS)
