"""An example `.env` for Docker Compose, written from the settings tree so that it can't be out of date."""

from __future__ import annotations

import json
from collections.abc import Iterator

from config.settings import Settings
from config.sources import variable
from config.tree import Leaf, leaves

_HEAD = """\
# What a farm under Docker Compose can be told. Copy this file to .env and take the "# " off what you change;
# `docker compose up -d` puts it into force. Each value is its default; a line that ends in `=` has none.

# --- Read by docker-compose.yml alone ---

# The port of Flower's page, on 127.0.0.1.
# FLOWER_PORT=5555

# How this host is called in the names of its workers: worker@HOST_NAME-container.
# HOST_NAME=local

# The address of this host at which other hosts reach Redis, by TLS; empty: none does. docker/invite writes it.
# JOIN_ADDRESS=

# What other hosts type instead of JOIN_ADDRESS, where they see another address or a DNS name.
# JOIN_NAME=

# The port at JOIN_ADDRESS.
# JOIN_PORT=6380

# What Redis may hold before it refuses writes, and the memory of its container, which a rewrite of its file needs too.
# REDIS_MAXMEMORY=256mb
# REDIS_MEMORY=640m

# Cores and memory of one worker. More cores than the host has are refused by Docker.
# WORKER_CPUS=1
# WORKER_MEMORY=1g

# Memory of the other containers.
# COORDINATOR_MEMORY=512m
# FLOWER_MEMORY=384m
# SIMULATOR_MEMORY=512m

# Milliseconds that the simulator takes for an answer.
# SIMULATOR_LATENCY_MS=50

# --- Settings of the farm ---
# The coordinator takes all of them; workers and Flower take those under FLEET_WORKER__, FLEET_FLOWER__ and FLEET_LOG__.
"""
#: set by docker-compose.yml, by its secrets, or of no use in a container
_FIXED = {
    "redis_url": "made at the first start",
    "state_dir": "the volume `ledger`",
    "alive_file": "the health check's",
    "worker.name": "made of HOST_NAME and the container's id",
    "worker.heartbeat_file": "the health check's",
    "flower.enabled": "`fleet up` alone reads it",
    "flower.address": "0.0.0.0 in the container, 127.0.0.1 outside",
    "flower.port": "see FLOWER_PORT",
}
#: what docker-compose.yml says where .env is silent
_COMPOSE_DEFAULTS = {"worker.concurrency": "1", "miners": "8 on the simulator, else 1"}


def example_env() -> str:
    """Return the file: what Compose reads, then every value of the tree, commented out."""
    body = "".join(f"\n{line}" for leaf in leaves(Settings) for line in _entry(leaf))
    return f"{_HEAD}{body}".rstrip("\n") + "\n"


def _entry(leaf: Leaf) -> Iterator[str]:
    yield f"# {leaf.field.description}"
    if leaf.name in _FIXED:
        yield f"# ({variable(leaf.name)} is not for .env: {_FIXED[leaf.name]}.)"
    elif leaf.name == "miner":
        yield "# (Named miners are tables of a fleet.toml: mount one, and name it by FLEET_CONFIG.)"
    else:
        default = _COMPOSE_DEFAULTS.get(leaf.name, "")
        if default and not default.isdecimal():
            yield f"# Default: {default}."
            default = ""
        yield f"# {variable(leaf.name)}={default or _plain(leaf)}"
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
