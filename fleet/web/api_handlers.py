"""Answers programs by JSON: questions from whoever may see the page, orders from the holders of tokens for them."""

from __future__ import annotations

from fleet.control.control import ControlChange
from fleet.tokens.token import TokenScope
from fleet.web.api import ApiAnswer, Questions, api_error, unknown
from fleet.web.handlers import Handler
from fleet.web.orders import Orders
from fleet.web.visitors import Visitors

_JSON = "application/json"


class _JsonHandler(Handler):
    """Answers programs by JSON, and refuses by it, too."""

    def refuse(self, status: int, text: str) -> None:
        self.answer(api_error(status, text))

    def answer(self, answer: ApiAnswer) -> None:
        """Answer the request."""
        self.reply(answer.status, answer.body, _JSON)


class QuestionHandler(_JsonHandler):
    """Answers questions about the farm."""

    def initialize(self, *, visitors: Visitors, questions: Questions) -> None:  # type: ignore[override]
        super().initialize(visitors=visitors)
        self._questions = questions

    async def get(self, kind: str, name: str | None = None) -> None:
        self.answer(await self._questions.answer(kind, name or "", self.query()))

    head = get


class UnknownHandler(_JsonHandler):
    """Answers what asks for anything else below /api."""

    def get(self, path: str | None = None) -> None:
        self.answer(unknown(path or ""))

    head = get


class ControlHandler(_JsonHandler):
    """Answers what is paused, and who changed that."""

    def initialize(self, *, visitors: Visitors, orders: Orders) -> None:  # type: ignore[override]
        super().initialize(visitors=visitors)
        self._orders = orders

    async def get(self, kind: str) -> None:
        self.answer(await (self._orders.log() if kind == "log" else self._orders.in_force()))

    head = get


class OrderHandler(_JsonHandler):
    """Takes orders from the holders of tokens that allow them.

    A password is not enough: browsers send it with whatever another site makes them ask.
    """

    SUPPORTED_METHODS = ("POST",)

    def initialize(self, *, visitors: Visitors, orders: Orders) -> None:  # type: ignore[override]
        super().initialize(visitors=visitors)
        self._orders = orders

    async def post(self, change: str) -> None:
        visitor = self._visitor
        if not visitor.scope.allows(TokenScope.CONTROL):
            words = f"the token {visitor.name} may only {visitor.scope.value}" if visitor.name else "no token was sent"
            advice = (
                "make one by `fleet token create NAME --scope control`, and send it as `Authorization: Bearer TOKEN`"
            )
            self.refuse(403 if visitor.name else 401, f"{words}: {advice}")
            return
        self.answer(await self._orders.take(ControlChange(change), self.request.body, f"token {visitor.name}"))
