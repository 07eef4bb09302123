"""Answers admitted visitors: pages, the files that they load, and metrics."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from tornado.web import Finish, RequestHandler

from fleet.tokens.token import holds_token
from fleet.web.farm_metrics import MetricsText
from fleet.web.pages import Pages
from fleet.web.visitors import NotAdmitted, Visitors

#: parts of a query; a page takes four
_MOST_FIELDS = 8
_HTML, _TEXT = "text/html; charset=utf-8", "text/plain; charset=utf-8"
_IN_ADDRESS = (
    "a token stands in the address, where logs and histories keep it: revoke it (`fleet token revoke`), and send its "
    "successor as the header `Authorization: Bearer TOKEN`"
)
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Handler(RequestHandler):
    """Answers admitted visitors, with headers that let a browser load nothing from elsewhere."""

    SUPPORTED_METHODS: tuple[str, ...] = ("GET", "HEAD")

    def initialize(self, *, visitors: Visitors) -> None:
        self._visitors = visitors

    def set_default_headers(self) -> None:
        self.clear_header("Server")
        for name, value in _HEADERS.items():
            self.set_header(name, value)

    def prepare(self) -> None:
        if holds_token(self.request.uri or ""):
            raise self._refused(NotAdmitted(status=400, text=_IN_ADDRESS))
        address = self.request.remote_ip or ""
        found = self._visitors.admit(self.request.host_name, address, self.request.headers.get("Authorization", ""))
        if isinstance(found, NotAdmitted):
            raise self._refused(found)
        self._visitor = found

    def _refused(self, refusal: NotAdmitted) -> Finish:
        for name, value in refusal.headers.items():
            self.set_header(name, value)
        self.refuse(refusal.status, refusal.text)
        return Finish()

    def refuse(self, status: int, text: str) -> None:
        """Say why there is no answer."""
        self.reply(status, f"{text}\n".encode(), _TEXT)

    def reply(self, status: int, body: bytes, kind: str) -> None:
        """Answer the request."""
        self.set_status(status)
        self.set_header("Content-Type", kind)
        self.write(body)

    def query(self) -> dict[str, str]:
        """The parts of the address's query. Refuses too many, and raises Finish."""
        try:
            return dict(parse_qsl(self.request.query, max_num_fields=_MOST_FIELDS))
        except ValueError as exc:
            self.refuse(400, f"the address has more than {_MOST_FIELDS} parts after its `?`; leave some out")
            raise Finish from exc

    def write_error(self, status_code: int, **_: Any) -> None:
        words = f"{status_code}"
        if status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            self.set_header("Allow", ", ".join(self.SUPPORTED_METHODS))
            words = f"this address takes {' or '.join(self.SUPPORTED_METHODS)} only"
        self.refuse(status_code, words)
        self.finish()

    def compute_etag(self) -> None:
        """None: no answer is kept by a browser."""


class HealthHandler(Handler):
    """Tells anybody that the page is served, and nothing else."""

    def prepare(self) -> None:
        """Admit every visitor."""

    def get(self) -> None:
        self.reply(200, b"OK", _TEXT)

    head = get


class MetricsHandler(Handler):
    """Answers with the metrics."""

    def initialize(self, *, visitors: Visitors, metrics: MetricsText) -> None:  # type: ignore[override]
        super().initialize(visitors=visitors)
        self._metrics = metrics

    def get(self) -> None:
        self.reply(200, self._metrics.text(), CONTENT_TYPE_PLAIN_0_0_4)

    head = get


class PageHandler(Handler):
    """Answers with a page."""

    def initialize(self, *, visitors: Visitors, pages: Pages) -> None:  # type: ignore[override]
        super().initialize(visitors=visitors)
        self._pages = pages

    async def get(self) -> None:
        answer = await self._pages.answer(self.request.path, self.query())
        self.reply(answer.status, answer.body, _HTML)

    head = get


class FileHandler(Handler):
    """Answers with a file that the pages load."""

    def initialize(self, *, visitors: Visitors, pages: Pages) -> None:  # type: ignore[override]
        super().initialize(visitors=visitors)
        self._pages = pages

    def get(self, name: str) -> None:
        content, kind = self._pages.files.get(name, (None, _TEXT))
        if content is None:
            self.reply(404, b"404\n", _TEXT)
            return
        # its address holds a digest of its content
        self.set_header("Cache-Control", "private, max-age=31536000, immutable")
        self.reply(200, content, kind)

    head = get
