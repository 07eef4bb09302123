"""Validates request bodies in the order and with the messages of the real servers' framework."""

from __future__ import annotations

import json
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fleet.simulator.errors import InvalidBodyError
from tasks.jobtypes import JOB_TYPES


class Body(BaseModel):
    """The fields of every call's body."""

    model_config = ConfigDict(protected_namespaces=())

    contributor_id: str


class RegistrationBody(Body):
    """Body of `register`."""

    cpu_cores: int = 1
    gpu_memory_mb: int = 0
    gpu_model: str = ""


class SessionStartBody(Body):
    """Body of `start-session`."""


class SubmissionBody(Body):
    """Body of `submit-result`."""

    session_id: str
    task_id: str
    result: dict[str, object]


class HeartbeatBody(Body):
    """Body of `heartbeat`."""

    session_id: str
    cpu_usage: float = 0.0
    gpu_usage: float = 0.0
    tasks_completed: int = Field(default=0)


class SessionStopBody(Body):
    """Body of `stop-session`."""

    session_id: str


BodyT = TypeVar("BodyT", bound=Body)


def parse(model: type[BodyT], body: bytes) -> BodyT:
    """Parse the body as `model`.

    Raises InvalidBodyError for an absent body, one that isn't JSON, and one that doesn't fit.
    """
    if not body:
        raise InvalidBodyError([{"type": "missing", "loc": ["body"], "msg": "Field required", "input": None}])
    try:
        value = json.loads(body)
    except json.JSONDecodeError as exc:
        raise InvalidBodyError([_invalid_json(exc.pos, exc.msg)]) from exc
    except (UnicodeDecodeError, RecursionError, ValueError) as exc:
        raise InvalidBodyError([_invalid_json(0, "There was an error parsing the body")]) from exc
    try:
        return model.model_validate(value, from_attributes=True)
    except ValidationError as exc:
        raise InvalidBodyError([_invalid_field(error) for error in exc.errors(include_url=False)]) from exc


def _invalid_json(position: int, message: str) -> dict[str, object]:
    return {
        "type": "json_invalid",
        "loc": ["body", position],
        "msg": "JSON decode error",
        "input": {},
        "ctx": {"error": message},
    }


def _invalid_field(error: object) -> dict[str, object]:
    fields: dict[str, object] = dict(error)  # type: ignore[call-overload]
    location = fields.pop("loc")
    return {"type": fields.pop("type"), "loc": ["body", *location], **fields}  # type: ignore[misc]


def valid_result(job_type: str, result: dict[str, object]) -> bool:
    """Whether the result holds every required field of its type, and no error."""
    return "error" not in result and all(field in result for field in JOB_TYPES[job_type].required)
