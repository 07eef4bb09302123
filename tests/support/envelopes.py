"""Messages of the queue as Redis holds them, and changes to them."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

Message = dict[str, Any]


def with_body(message: Message, change: Callable[[Any], None]) -> Message:
    """A message whose body was changed."""
    body = json.loads(base64.b64decode(message["body"]))
    change(body)
    return message | {"body": base64.b64encode(json.dumps(body).encode()).decode()}


def with_fields(message: Message, **fields: Any) -> Message:
    """A message whose job was changed; None removes a field."""

    def change(body: Any) -> None:
        body[0][0] = {name: value for name, value in (body[0][0] | fields).items() if value is not None}

    return with_body(message, change)


def as_task(message: Message, task: str) -> Message:
    """A message as another Celery task."""
    return message | {"headers": message["headers"] | {"id": task, "root_id": task}}
