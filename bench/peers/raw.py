"""The lower bound: plain processes on a Redis list, where a killed worker loses its current job.

python -m bench.peers.raw REDIS_URL [work]
"""

from __future__ import annotations

import json
import sys
from typing import Any

import redis

from bench.peers.load import print_timing, reader, work

_LIST = "raw.jobs"


def main() -> None:
    """Send the load, or work for ever."""
    client = redis.Redis.from_url(sys.argv[1])
    if len(sys.argv) == 2:
        print_timing(lambda job: client.lpush(_LIST, json.dumps(job.encode())), reader(sys.argv[1]))
    while len(sys.argv) > 2:
        item: Any = client.brpop([_LIST])
        work(client, json.loads(item[1]))


if __name__ == "__main__":
    main()
