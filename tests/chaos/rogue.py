"""The entries that someone with a worker's password could forge on the results stream."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from random import Random
from uuid import UUID

from tasks.messages import encode_computed, stream_fields, task_id
from tasks.wire_versions import WIRE_VERSION

_FORMS = ("invented", "hollow", "error", "swapped", "cut", "old", "foreign", "nested", "many")


def forgeries(rng: Random, open_jobs: Sequence[str], count: int) -> Iterator[dict[str, str]]:
    """Yield `count` forged entries: of jobs that nobody ordered, empty, cut off, misaddressed or absurd ones."""
    for number in range(count):
        invented = str(UUID(int=rng.getrandbits(128), version=4))
        job_id = rng.choice(open_jobs) if open_jobs and rng.random() < 0.3 else invented
        yield forgery(rng.choice(_FORMS), job_id, number)


def forgery(form: str, job_id: str, number: int = 0) -> dict[str, str]:
    """The fields of one entry that claims to answer `job_id`."""
    good = encode_computed(result={"results_hash": f"forged {number}"}, kernel_version="1", compute_ms=1.0)
    usual = stream_fields(task=task_id(job_id, 1), state="SUCCESS", worker="rogue@nowhere", body=good)
    failure = {"exc_type": "WorkerLostError", "exc_message": "forged"}
    changed: dict[str, dict[str, str]] = {
        # the id was never issued, although the result looks right
        "invented": {"task": f"{number:032x}"},
        "hollow": {"body": json.dumps({**good, "result": {}})},
        "error": {"body": json.dumps({**good, "result": {"error": "forged"}})},
        # an attempt that was never made
        "swapped": {"task": task_id(job_id, 9_000)},
        "cut": {"body": json.dumps(good)[:-9]},
        "old": {"body": json.dumps({**good, "v": WIRE_VERSION + 1})},
        "foreign": {"task": "../../etc/passwd"},
        "nested": {"body": "[" * 20_000 + "]" * 20_000},
        "many": {"state": "FAILURE", "task": task_id(job_id, 7_000), "body": json.dumps(failure)},
    }
    return usual | changed[form]
