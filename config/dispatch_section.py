"""The section of the settings tree for jobs on their way to the workers."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from config.sections import Finite, HomePath, Section


class DispatchSettings(Section):
    """How jobs are handed to the workers."""

    redispatch_s: Finite = Field(
        30.0, ge=1, le=3_600, description="Seconds without a result after which a job is dispatched again."
    )
    max_attempts: int = Field(
        3, ge=1, le=100, description="Attempts of one job without a result, after which it is quarantined."
    )
    max_unanswered: int = Field(
        10, ge=1, le=1_000, description="Attempts of one job without any answer, after which it is quarantined."
    )
    max_in_flight: int = Field(256, ge=1, le=1_000_000, description="Jobs that may be at workers at the same time.")
    max_free_jobs_per_miner: int = Field(
        4, ge=0, le=1_000, description="Jobs from sessions and heartbeats that a miner may hold at the same time."
    )
    bundle_ms: Finite = Field(
        4.0,
        ge=0,
        le=1_000,
        description="Jobs share a message up to this kernel time in ms, more while the queue is long; 0: never.",
    )
    keys_file: HomePath | None = Field(
        None,
        description="File of the keys of jobs and results; unset: none are signed, except by `fleet up` and Compose.",
        examples=["/run/secrets/neonet-keys"],
    )
    unserved: Literal["run", "refuse"] = Field(
        "run",
        description="Jobs that no host qualifies for; run: on the best there is, and idle hosts help; refuse: nowhere.",
    )
    unsigned: Literal["auto", "accept", "refuse"] = Field(
        "auto",
        description="Results without a signature; auto: accepted while a host has no key, and a day after an upgrade.",
    )
