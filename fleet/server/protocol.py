"""Converts between the JSON of a NeoNet server's calls for miners and values. No other file knows these field names.

docs/protocol-notes.md lists the calls. An answer is untrusted input: each function returns a value with valid fields,
or raises Garbled. Text becomes safe to print here. An id that is not safe is refused, since it must be sent back
unchanged.

One file: a change of the protocol changes this file alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from fleet.domain.answers import HeartbeatAnswer, Receipt, Registration, SessionStart, SessionSummary, Totals
from fleet.domain.jobs import Job, JobOrigin, MinerSpec, Usage
from fleet.errors import Foreign, Garbled
from fleet.server import flawed_json
from fleet.server.flawed_json import flaw_of
from fleet.server.numbers import amount, believable_amount, optional_amount, optional_count, optional_number
from fleet.server.pages import is_page, page_words
from tasks import strict_json
from tasks.data_size import surely_fits, too_large
from tasks.errors import shortened
from tasks.jobtypes import JOB_TYPES
from tasks.messages import deeper_than, is_job_id
from tasks.text import sanitized

#: seconds for a job whose server states no time limit, or an absurd one
DEFAULT_TIMEOUT_S = 60.0
MIN_TIMEOUT_S, MAX_TIMEOUT_S = 5.0, 3600.0
#: deepest nesting of lists and objects in a job's data
MAX_DATA_DEPTH = 16

INVALID_FORMAT = "Invalid result format"

_SESSION_ID = re.compile(r"[\x21-\x7e]{1,128}")


def parse_object(body: bytes, apart: str = "") -> dict[str, Any]:
    """The JSON object of an answer. Flaws inside its field `apart` are marked there and don't invalidate the rest.

    Raises Garbled for truncated JSON, NaN, bad UTF-8, numbers of thousands of digits and excessive nesting, and Foreign
    for a page that is not the server's.
    """
    if is_page(body):
        raise Foreign(200, page_words(body))
    try:
        answer = strict_json.loads(body)
    except (ValueError, RecursionError) as exc:
        answer = _marked(body) if apart else None
        if not isinstance(answer, dict) or _unfit({**answer, apart: None}):
            raise Garbled(f"the answer is not JSON: {exc!s:.120}: {body[:60]!r}") from exc
    if not isinstance(answer, dict):
        raise Garbled(f"the answer is not an object: {body[:60]!r}")
    return answer


def registration_body(spec: MinerSpec) -> dict[str, Any]:
    """Body of `POST /ai-energy/register`."""
    return {
        "contributor_id": spec.miner_id,
        "cpu_cores": spec.cpu_cores,
        "gpu_memory_mb": spec.gpu_memory_mb,
        "gpu_model": spec.gpu_model,
    }


def session_body(miner_id: str, session_id: str | None = None) -> dict[str, Any]:
    """Body of `start-session` or, with a session id, of `stop-session`."""
    return {"contributor_id": miner_id} | ({"session_id": session_id} if session_id else {})


def submission_body(miner_id: str, session_id: str, job_id: str, result: Mapping[str, Any]) -> dict[str, Any]:
    """Body of `POST /ai-energy/submit-result`."""
    return {"contributor_id": miner_id, "session_id": session_id, "task_id": job_id, "result": dict(result)}


def heartbeat_body(miner_id: str, session_id: str, usage: Usage, completed: int) -> dict[str, Any]:
    """Body of `POST /ai-energy/heartbeat`. `completed` is the true number of this session's paid jobs."""
    return {
        "contributor_id": miner_id,
        "session_id": session_id,
        "cpu_usage": usage.cpu_percent,
        "gpu_usage": usage.gpu_percent,
        "tasks_completed": completed,
    }


def parse_registration(answer: Mapping[str, Any]) -> Registration:
    """A new contributor, or "Already registered" with the contributor's totals.

    Invalid totals are left out rather than refused: otherwise the contributor could never register.
    """
    if answer.get("success") is True:
        return Registration(new=True)
    if "already registered" not in str(answer.get("error", "")).lower():
        raise Garbled(f"registration answered {shortened(answer)}")
    known = answer.get("contributor")
    if not isinstance(known, dict) or known.get("total_rewards") is None:
        return Registration(new=False)
    try:
        return Registration(new=False, totals=parse_totals(answer))
    except Garbled as exc:
        return Registration(new=False, oddity=str(exc))


def parse_session_start(answer: Mapping[str, Any]) -> SessionStart:
    """A new session, perhaps with a first job, or the session that is already active."""
    session_id = answer.get("session_id")
    if not isinstance(session_id, str) or not _SESSION_ID.fullmatch(session_id):
        raise Garbled(f"start-session names no session: {shortened(answer)}")
    adopted = answer.get("success") is not True
    if adopted and "already active" not in str(answer.get("error", "")).lower():
        raise Garbled(f"start-session answered {shortened(answer)}")
    job, anomalies = _optional_job(answer.get("initial_task"), JobOrigin.INITIAL)
    return SessionStart(session_id=session_id, adopted=adopted, initial_job=job, anomalies=anomalies)


def parse_fetched(body: bytes, miner_id: str) -> Job:
    """The job in a fetch's answer. Flaws become the job's problem: an unreadable job would be assigned forever."""
    try:
        task = parse_object(body)
    except Foreign:
        raise
    except Garbled:
        task = _marked(body)
        if task is None:
            raise
    return parse_job(task, JobOrigin.FETCHED, miner_id, answer_bytes=len(body))


def parse_job(task: Any, origin: JobOrigin, miner_id: str | None = None, *, answer_bytes: int | None = None) -> Job:
    """A job as the server states it, in an answer of a size, where that is known.

    A job that no kernel can compute carries its `problem`.

    Raises Garbled if the id is unusable or the job is another contributor's. A job without a valid reward is computed
    all the same: if it were refused, the server would hand it out forever.
    """
    if not isinstance(task, dict):
        raise Garbled(f"a task is an object, not {shortened(task)}")
    job_id, job_type, data = task.get("task_id"), task.get("task_type"), task.get("data")
    if not isinstance(job_id, str) or not is_job_id(job_id):
        raise Garbled(f"no usable job id: task_id {shortened(job_id)} is not 1 to 128 of A-Z a-z 0-9 . _ : -")
    owner = task.get("contributor_id")
    if miner_id is not None and owner is not None and str(owner).lower() != miner_id:
        raise Garbled(f"task {job_id} was assigned to {shortened(owner)}, not to {miner_id}")
    reward, oddity = _stated_reward(task.get("reward"))
    flaw = _unfit(data)
    small = answer_bytes is not None and surely_fits(answer_bytes)
    unfit = flaw or ("" if small else too_large(data or {}))
    return Job(
        job_id=job_id,
        job_type=sanitized(job_type) if isinstance(job_type, str) and len(job_type) <= 64 else "?",
        data=data if isinstance(data, dict) and not unfit else {},
        reward=reward,
        origin=origin,
        timeout_s=_timeout(task.get("timeout_seconds")),
        problem=_unknown_type(job_type) or unfit,
        garbled=bool(flaw),
        oddity=oddity,
        active_miners=optional_count(task.get("active_miners_at_creation")),
    )


def parse_receipt(answer: Mapping[str, Any]) -> Receipt:
    """The answer to a submission. Raises Garbled if it neither accepts nor refuses, or states no valid reward."""
    if answer.get("success") is True:
        return Receipt(
            accepted=True,
            reward=amount(answer.get("reward"), "reward"),
            total_rewards=optional_amount(answer.get("total_rewards"), "total_rewards"),
            balance=believable_amount(answer.get("balance"), "balance"),
        )
    error = answer.get("error")
    if answer.get("success") is not False or not isinstance(error, str):
        raise Garbled(f"submit-result answered {shortened(answer)}")
    return Receipt(accepted=False, reward=Decimal(0), error=sanitized(error[:200]))


def parse_heartbeat(answer: Mapping[str, Any]) -> HeartbeatAnswer:
    """The answer to a heartbeat, of any release."""
    if answer.get("status") != "active" and answer.get("success") is not True:
        raise Garbled(f"heartbeat answered {shortened(answer)}")
    job, anomalies = _optional_job(answer.get("next_task"), JobOrigin.NEXT)
    return HeartbeatAnswer(
        reward=optional_amount(answer.get("reward"), "reward"),
        rewards_earned=optional_amount(answer.get("rewards_earned"), "rewards_earned"),
        total_rewards=optional_amount(answer.get("total_rewards"), "total_rewards"),
        next_job=job,
        anomalies=anomalies,
    )


def parse_session_summary(answer: Mapping[str, Any]) -> SessionSummary:
    """The answer to `stop-session`.

    Invalid figures are left out rather than refused: the session is over whatever they are. Raises Garbled if the
    answer neither has a summary nor says that it is a success.
    """
    summary = answer.get("summary")
    if not isinstance(summary, dict):
        if answer.get("success") is not True:
            raise Garbled(f"stop-session answered {shortened(answer)}")
        return SessionSummary(oddity=f"the session's sum is not stated: summary {shortened(summary)}")
    try:
        earned = optional_amount(summary.get("rewards_earned"), "rewards_earned")
    except Garbled as exc:
        return SessionSummary(oddity=f"the session's sum is not stated: {exc}")
    return SessionSummary(tasks_completed=optional_count(summary.get("tasks_completed")), rewards_earned=earned)


def parse_totals(answer: Mapping[str, Any]) -> Totals:
    """The totals in an answer to `GET /ai-energy/contributor/{id}`, or in "Already registered"."""
    contributor = answer.get("contributor")
    if not isinstance(contributor, dict):
        raise Garbled(f"contributor answered {shortened(answer)}")
    return Totals(
        total_rewards=amount(contributor.get("total_rewards"), "total_rewards"),
        total_jobs=optional_count(contributor.get("total_tasks")),
        registered_at=optional_count(contributor.get("registered_at")),
        balance=believable_amount(answer.get("balance"), "balance"),
    )


def _optional_job(task: Any, origin: JobOrigin) -> tuple[Job | None, tuple[str, ...]]:
    """The job in another call's answer. A malformed job becomes an anomaly and does not invalidate the answer."""
    if task is None:
        return None, ()
    try:
        return parse_job(task, origin), ()
    except Garbled as exc:
        return None, (str(exc),)


def _marked(body: bytes) -> Any:
    """The answer with its flaws marked, or None if it is not JSON apart from them."""
    try:
        return flawed_json.read(body)
    except (ValueError, RecursionError):
        return None


def _unknown_type(job_type: Any) -> str:
    known = isinstance(job_type, str) and job_type in JOB_TYPES
    return "" if known else f"unknown job type {shortened(job_type)}"


def _unfit(data: Any) -> str:
    """Why a job's data can't be passed on, empty if it can."""
    if data is not None and not isinstance(data, dict):
        return f"data is {shortened(data)}, must be an object"
    if deeper_than(data, MAX_DATA_DEPTH - 1):
        return f"data is nested more than {MAX_DATA_DEPTH} deep"
    flaw = flaw_of(data)
    return f"data holds {flaw}" if flaw else ""


def _stated_reward(value: Any) -> tuple[Decimal, str]:
    """The reward that a job states, and what is odd about it. The receipt states what was really paid."""
    try:
        return amount(value, "reward"), ""
    except Garbled as exc:
        return Decimal(0), str(exc)


def _timeout(value: Any) -> float:
    seconds = optional_number(value)
    if seconds is None or seconds <= 0:
        return DEFAULT_TIMEOUT_S
    return min(max(seconds, MIN_TIMEOUT_S), MAX_TIMEOUT_S)
