"""The section of the settings tree for a worker host."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, StringConstraints

from config.sections import Finite, HomePath, Section

_WORKER_KEY = re.compile(r"neonetkey1\.[a-z0-9_-]{1,40}(\.[A-Za-z0-9_-]{43}){2}")


def _worker_key(secret: SecretStr) -> SecretStr:
    if _WORKER_KEY.fullmatch(secret.get_secret_value().strip()) is None:
        raise ValueError("must be a whole line that begins with neonetkey1, as an invitation or `fleet setup` wrote it")
    return secret


class WorkerSettings(Section):
    """How a worker host computes."""

    concurrency: int | None = Field(
        None, ge=1, le=4_096, description="Pool processes of this worker; unset: the cores of its host.", examples=[4]
    )
    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$")] | None = Field(
        None, description="The worker's name in Flower and in the ledger; unset: its host's name.", examples=["garage"]
    )
    cpu_cores: int | None = Field(
        None,
        ge=1,
        le=4_096,
        description="Cores that decide which classes of jobs this worker takes; unset: those of its host.",
        examples=[8],
    )
    gpu_memory_mb: int | None = Field(
        None,
        ge=0,
        le=4_194_304,
        description="GPU memory in MB that decides it, too; 0 is no GPU; unset: that of its host's largest GPU.",
        examples=[8_192],
    )
    key: Annotated[SecretStr, AfterValidator(_worker_key)] | None = Field(
        None,
        description="This host's key, by which it checks jobs and signs results; an invitation gives it; unset: none.",
        examples=["neonetkey1.garage." + ".".join(["a-long-key".ljust(43, "0")] * 2)],
    )
    soft_time_limit_s: Finite = Field(
        20.0, ge=1, le=86_400, description="Seconds after which a kernel is asked to stop; below time_limit_s."
    )
    time_limit_s: Finite = Field(
        30.0, ge=1, le=86_400, description="Seconds after which the process of a kernel is killed."
    )
    prefetch: int = Field(2, ge=1, le=64, description="Messages that a worker holds for each of its pool processes.")
    max_payload_bytes: int = Field(
        262_144,
        ge=1_024,
        le=67_108_864,
        description="Longest data of a job, in bytes; a coordinator sends no more than 262144.",
    )
    heartbeat_file: HomePath | None = Field(
        None,
        description="File that the consumer's loop touches, for a health check; unset: none.",
        examples=["/tmp/fleet-worker.alive"],  # noqa: S108 - the path in a read-only container
    )
    events: bool = Field(True, description="Whether the worker sends events to Flower.")
    gpu: Literal["auto", "off"] = Field(
        "auto", description="auto: a GPU computes the jobs at which it is quicker, with the extra gpu; off: none."
    )
    max_tasks_per_child: int = Field(
        50_000, ge=1, le=100_000_000, description="Messages after which a pool process is replaced."
    )
    max_memory_per_child_mb: int = Field(
        1_000, ge=64, le=4_194_304, description="Memory in MB above which a pool process is replaced after its job."
    )
