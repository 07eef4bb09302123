"""A farm's keys, jobs that it signed, and results of its hosts."""

from __future__ import annotations

import json
from typing import Any

from fleet.hosts.key_file import OWN_WORKERS, FarmKeys
from tasks.messages import JobMessage, encode_computed, stream_fields
from tasks.signing import MAC_FIELD, SEAL_FIELD, WorkerKey, job_mac, job_seal, signed_result

Fields = dict[bytes, bytes]

KEYS = FarmKeys(
    job=b"j" * 32,
    seal=b"s" * 32,
    hosts={OWN_WORKERS: b"w" * 32, "garage": b"g" * 32, "shed": b"h" * 32},
)
BODY = encode_computed(result={"output_hash": "ab"}, kernel_version="3", compute_ms=1.0)


def key_of(host: str, keys: FarmKeys = KEYS) -> WorkerKey:
    """The key of a host that has one."""
    key = keys.worker_key(host)
    assert key is not None
    return key


def signed_job(job_id: str = "job-1", attempt: int = 1, keys: FarmKeys = KEYS, **changed: Any) -> dict[str, Any]:
    """A job message with the farm's signatures. What is `changed` was changed before it was signed."""
    message = JobMessage(
        job_id=job_id, attempt=attempt, miner_id="rig-a1", job_type="fraud_detection", data={"transactions": []}
    )
    sent = message.encode() | changed
    mac = sent[MAC_FIELD] = job_mac(keys.job, sent)
    sent[SEAL_FIELD] = job_seal(keys.seal, message.task_id.encode(), mac.encode())
    return sent


def result(host: str = "garage", job: dict[str, Any] | None = None, *, worker: str = "", **changed: str) -> Fields:
    """The stream entry of a result that `host` signed, as Redis gives it. What is `changed` was changed afterwards."""
    job = job or signed_job()
    task = job["job_id"] if job["attempt"] == 1 else f"{job['job_id']}~{job['attempt']}"
    fields = stream_fields(task=task, state="SUCCESS", worker=worker or f"worker@{host}", body=BODY)
    return raw(signed_result(key_of(host), fields, job) | changed)


def unsigned(worker: str, job_id: str = "job-1") -> Fields:
    """The entry of a worker of a release before results were signed."""
    return raw(stream_fields(task=job_id, state="SUCCESS", worker=worker, body=BODY))


def raw(fields: dict[str, str]) -> Fields:
    """The fields as Redis gives them."""
    return {name.encode(): value.encode(errors="surrogatepass") for name, value in fields.items()}


def body_of(fields: Fields) -> Any:
    """The body of an entry."""
    return json.loads(fields[b"body"])
