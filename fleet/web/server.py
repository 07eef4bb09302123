"""Serves a farm's pages, its API and /metrics."""

from __future__ import annotations

from dataclasses import dataclass

from tornado.web import Application

from fleet.web.api import Questions
from fleet.web.api_handlers import ControlHandler, OrderHandler, QuestionHandler, UnknownHandler
from fleet.web.farm_metrics import MetricsText
from fleet.web.handlers import FileHandler, HealthHandler, MetricsHandler, PageHandler
from fleet.web.listener import Listener
from fleet.web.orders import CHANGES, Orders
from fleet.web.pages import Pages
from fleet.web.visitors import Visitors

#: connections at once: a browser opens a few for each page
MOST_VISITORS = 64


@dataclass(frozen=True, kw_only=True, slots=True)
class Served:
    """Whatever answers visitors."""

    pages: Pages
    questions: Questions
    orders: Orders
    metrics: MetricsText


class WebServer(Listener):
    """Answers admitted visitors. Raises OSError where the address can't be bound."""

    def __init__(self, visitors: Visitors, served: Served, address: str, port: int) -> None:
        given = {"visitors": visitors}
        pages, orders = given | {"pages": served.pages}, given | {"orders": served.orders}
        application = Application(
            [
                (r"/healthcheck", HealthHandler, given),
                (r"/metrics", MetricsHandler, given | {"metrics": served.metrics}),
                (r"/static/([a-z.]+)", FileHandler, pages),
                (rf"/api/v1/({'|'.join(CHANGES)})", OrderHandler, orders),
                (r"/api/v1/(controls|log)", ControlHandler, orders),
                (r"/api/v1/([a-z]+)(?:/(.*))?", QuestionHandler, given | {"questions": served.questions}),
                (r"/api(?:/v1)?(?:/(.*))?", UnknownHandler, given),
                (r".*", PageHandler, pages),
            ],
            # each visitor could fill the coordinator's log
            log_function=lambda _: None,
        )
        super().__init__(application, address, port, name="web", most_clients=MOST_VISITORS)
