"""What signatures cost: four HMACs a job, over messages as the simulator's jobs make them."""

from __future__ import annotations

import time
from random import Random
from typing import Any

from bench.rows import Row
from fleet.broker.result_signatures import ResultSignatures
from fleet.hosts.key_file import FarmKeys
from fleet.simulator.jobs import draw_data
from tasks.jobtypes import JOB_TYPES
from tasks.messages import TASK_PREFIX, JobMessage, encode_computed, stream_fields
from tasks.signing import MAC_FIELD, SEAL_FIELD, job_mac, job_seal
from tasks.worker.signatures import Signatures

_RUNS, _JOBS = 9, 2_000
_KEYS = FarmKeys(job=b"j" * 32, seal=b"s" * 32, hosts={"garage": b"g" * 32})


def signatures() -> list[Row]:
    """Microseconds a job, on the coordinator and on a worker, without the rest of what either does for it."""
    worker = Signatures()
    worker.key = _KEYS.worker_key("garage")
    check = ResultSignatures(lambda: _KEYS, "auto")
    rng = Random(7)
    jobs = [_job(number, rng) for number in range(_JOBS)]
    of_coordinator, of_worker = list[float](), list[float]()
    for _ in range(_RUNS):
        started = time.thread_time()
        for job, _ in jobs:
            mac = job[MAC_FIELD] = job_mac(_KEYS.job, job)
            job[SEAL_FIELD] = job_seal(_KEYS.seal, job["job_id"].encode(), mac.encode())
        signed_at = time.thread_time()
        for job, _ in jobs:
            worker.check(TASK_PREFIX + job["job_type"], job["job_id"], job)
        results = [worker.signed(fields, job) for job, fields in jobs]
        done_at = time.thread_time()
        entries = [{name.encode(): text.encode() for name, text in one.items()} for one in results]
        read_at = time.thread_time()
        for entry in entries:
            check.signer(entry)
        of_coordinator.append((signed_at - started + time.thread_time() - read_at) / _JOBS * 1e6)
        of_worker.append((done_at - signed_at) / _JOBS * 1e6)
    total = [one + other for one, other in zip(of_coordinator, of_worker, strict=True)]
    return [
        Row(part="signatures", name="coordinator: sign a job, check its result", runs=of_coordinator, unit="µs"),
        Row(part="signatures", name="worker: check a job, sign its result", runs=of_worker, unit="µs"),
        Row(part="signatures", name="both", runs=total, unit="µs", target=20.0),
    ]


def _job(number: int, rng: Random) -> tuple[dict[str, Any], dict[str, str]]:
    """A job of any type as it is sent, and a result of the usual length."""
    job_type = rng.choice(list(JOB_TYPES))
    job_id = f"{rng.getrandbits(128):032x}-{number}"
    data = draw_data(job_type, rng)
    sent = JobMessage(job_id=job_id, attempt=1, miner_id="rig-a1", job_type=job_type, data=data).encode()
    result = dict.fromkeys(JOB_TYPES[job_type].required, "0123456789abcdef" * 4)
    body = encode_computed(result=result, kernel_version="3", compute_ms=1.25)
    return sent, stream_fields(task=job_id, state="SUCCESS", worker="worker@garage", body=body)
