"""Generates the example `.env` for Docker Compose from the settings tree, so that it is never out of date."""

from __future__ import annotations

import json
from collections.abc import Iterator

from config.settings import Settings
from config.sources import variable
from config.tree import Leaf, leaves

_HEAD = """\
# Settings of a farm under Docker Compose. Copy this file to .env and remove the "# " before what you change;
# `docker compose up -d` applies it. Each value is its default; a line that ends in `=` has none.
# Put a value with $, a quote or a backslash in single quotes; `fleet` refuses what Compose would read differently.

# --- Read by docker-compose.yml alone ---

# The port of the farm's page, and that of Flower's, on 127.0.0.1.
# WEB_PORT=8080
# FLOWER_PORT=5555

# Workers on this host, one core each.
# WORKERS=1

# The name of this host in the names of its workers: worker@HOST_NAME-container.
# HOST_NAME=local

# The address of this host at which other hosts reach Redis, by TLS; empty: none. docker/invite sets it.
# JOIN_ADDRESS=

# What other hosts type instead of JOIN_ADDRESS, where they see another address or a DNS name.
# JOIN_NAME=

# The port at JOIN_ADDRESS.
# JOIN_PORT=6380

# The tag of Redis's image. 8 follows each new minor release by `docker compose pull`; 8.2 stays at that one. An older
# release puts the file that a newer one wrote aside and starts empty (docs/backup.md).
# REDIS_TAG=8

# What Redis may hold before it refuses writes, and the memory of its container, which a rewrite of its file needs too.
# REDIS_MAXMEMORY=256mb
# REDIS_MEMORY=640m

# Cores of each container; 0 for no limit, where the engine refuses one: "NanoCPUs can not be set" (rootless, some NAS).
# CONTAINER_CPUS=1

# Cores and memory of one worker. More cores than the host has are refused by Docker. A worker computes on as many as
# FLEET_WORKER__CONCURRENCY says; each of its processes may take FLEET_WORKER__MAX_MEMORY_PER_CHILD_MB.
# WORKER_CPUS=1
# WORKER_MEMORY=1g

# The profile `monitoring` (docs/watching.md): its images' tags, the port of Grafana on 127.0.0.1, how long and how much
# Prometheus keeps, and the memory of both.
# PROMETHEUS_TAG=v3.5.0
# GRAFANA_TAG=12.1.0
# GRAFANA_PORT=3000
# PROMETHEUS_RETENTION=1y
# PROMETHEUS_MAXSIZE=4GB
# PROMETHEUS_MEMORY=512m
# GRAFANA_MEMORY=512m

# Memory of the other containers.
# COORDINATOR_MEMORY=512m
# FLOWER_MEMORY=384m
# SIMULATOR_MEMORY=512m

# Milliseconds that the simulator takes for an answer.
# SIMULATOR_LATENCY_MS=50

# --- Settings of the farm ---
# The coordinator takes all of them. Workers take those under FLEET_WORKER__, Flower those under FLEET_FLOWER__, both
# FLEET_LOG__ and what all have to agree on: FLEET_VISIBILITY_TIMEOUT_S and the two limits FLEET_WORKER__…TIME_LIMIT_S.
"""
#: set by docker-compose.yml or its secrets, or useless in a container
_FIXED = {
    "redis_url": "made at the first start",
    "state_dir": "the volume `ledger`",
    "alive_file": "the health check's",
    "worker.name": "made of HOST_NAME and the container's id",
    "worker.heartbeat_file": "the health check's",
    "flower.enabled": "`fleet up` alone reads it",
    "flower.address": "0.0.0.0 in the container, 127.0.0.1 outside",
    "flower.port": "see FLOWER_PORT",
    "web.port": "see WEB_PORT",
    "web.address": "0.0.0.0 in the container, 127.0.0.1 outside",
    "web.metrics_token": "made at the first start",
    "web.metrics_address": "0.0.0.0 in the container, and published nowhere",
    "web.metrics_port": "always the same",
}
#: values that differ in a container
_UNDER_COMPOSE = {
    "http.ca_file": "A file on this host, e.g. ./ca.pem, which every user can read; the coordinator has it mounted.",
    "http.proxy": "env takes what Docker passes on to containers (`proxies` in ~/.docker/config.json).",
}
#: defaults of docker-compose.yml where .env is silent
_COMPOSE_DEFAULTS = {"worker.concurrency": "1"}


def example_env() -> str:
    """Return the file: the variables that Compose reads, then every value of the tree, commented out."""
    body = "".join(f"\n{line}" for leaf in leaves(Settings) for line in _entry(leaf))
    return f"{_HEAD}{body}".rstrip("\n") + "\n"


def _entry(leaf: Leaf) -> Iterator[str]:
    yield f"# {leaf.field.description}"
    if leaf.name in _UNDER_COMPOSE:
        yield f"# {_UNDER_COMPOSE[leaf.name]}"
    if leaf.name in _FIXED:
        yield f"# ({variable(leaf.name)} is not for .env: {_FIXED[leaf.name]}.)"
    elif leaf.name == "miner":
        yield f'# {variable(leaf.name)}=\'[{{"id": "rig-a1", "cpu_cores": 16}}, {{"id": "rig-a2"}}]\''
    else:
        yield f"# {variable(leaf.name)}={_COMPOSE_DEFAULTS.get(leaf.name) or _plain(leaf)}"
    yield ""


def _plain(leaf: Leaf) -> str:
    value = leaf.field.get_default(call_default_factory=False)
    match value:
        case None | ():
            return ""
        case bool():
            return json.dumps(value)
        case _:
            return str(value)
