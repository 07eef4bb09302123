"""A peer that works like the original client: one process per miner, one job at a time, then two seconds of sleep."""

from __future__ import annotations

import hashlib
import sys
import time
from typing import Any

import numpy as np
import requests

PAUSE_S = 2.0
#: required result fields, by job type
FIELDS = {
    "network_protection": "blocks_validated",
    "data_validation": "integrity_score",
    "inference": "output_hash",
    "gradient_compute": "gradient_hash",
    "matrix_ops": "result_hash",
    "fraud_detection": "results_hash",
}


def main() -> None:
    """Mine for the given time."""
    server, miner, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
    with requests.Session() as session:
        _post(session, server, "register", {"contributor_id": miner, "cpu_cores": 4})
        started = _post(session, server, "start-session", {"contributor_id": miner})
        accepted, until = 0, time.monotonic() + seconds
        while time.monotonic() < until:
            task = session.get(f"{server}/ai-energy/task/{miner}", timeout=30).json()
            body = {"contributor_id": miner, "session_id": started["session_id"], "task_id": task["task_id"]}
            answer = _post(session, server, "submit-result", body | {"result": _result(task["task_type"])})
            accepted += bool(answer.get("success"))
            time.sleep(PAUSE_S)
    print(accepted)


def _result(job_type: str) -> dict[str, Any]:
    noise = np.random.default_rng().standard_normal((256, 256)).astype(np.float32)
    product = noise @ noise
    field = FIELDS.get(job_type, "weights_hash")
    return {field: 5 if field == "blocks_validated" else hashlib.sha256(product.tobytes()).hexdigest()}


def _post(session: requests.Session, server: str, endpoint: str, body: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = session.post(f"{server}/ai-energy/{endpoint}", json=body, timeout=30).json()
    return answer


if __name__ == "__main__":
    main()
