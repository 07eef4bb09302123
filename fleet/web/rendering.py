"""Renders the pages' templates. Every text in them is escaped, and shown without ids and control characters."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from config.hiding import hidden
from fleet.web import charts, figures, lists
from fleet.web.spans import SPANS
from tasks.text import sanitized

_HERE = Path(__file__).parent
_COMMAND = re.compile("`([^`]+)`")
_KINDS = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


def _shown(value: object) -> object:
    """What a template prints of a value: texts of servers and workers without ids and control characters."""
    return sanitized(hidden(value)) if isinstance(value, str) and not isinstance(value, Markup) else value


def _address(path: str, **query: object) -> str:
    """The address of a page, without the parts of a query that are None or empty."""
    given = {name: value for name, value in query.items() if value not in {None, ""}}
    return f"{path}?{urlencode(given, errors='replace', quote_via=quote)}" if given else path


def _with_commands(text: str) -> Markup:
    """A text of the farm's own, in which what stands between backticks is a command."""
    return Markup(_COMMAND.sub(r"<code>\1</code>", str(escape(_shown(text)))))  # noqa: S704 - it is escaped


class Renderer:
    """The templates, compiled once, and the files that the pages load."""

    def __init__(self) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            finalize=_shown,
        )
        #: name of a file → its content and its type
        self.files = {
            path.name: (path.read_bytes(), _KINDS[path.suffix]) for path in sorted((_HERE / "static").iterdir())
        }
        marks = {name: hashlib.sha256(content).hexdigest()[:12] for name, (content, _) in self.files.items()}
        self._environment.filters["commands"] = _with_commands
        self._environment.globals |= {
            "address": _address,
            "all_spans": SPANS,
            "charts": charts,
            "figures": figures,
            "lists": lists,
            "static": lambda name: f"/static/{name}?v={marks[name]}",
        }

    def compile(self) -> None:
        """Compile all templates, so that the first visitor need not wait for it."""
        for name in self._environment.list_templates():
            self._environment.get_template(name)

    def page(self, template: str, **values: Any) -> bytes:
        """A page as UTF-8."""
        return self._environment.get_template(template).render(**values).encode("utf-8", "replace")
