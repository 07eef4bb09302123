"""Names of worker hosts, as a Celery node gives them. Pure."""

from __future__ import annotations

import re
from functools import lru_cache

#: the host name of a container without a name of its own: the first digits of its id, which changes at every start
_CONTAINER = re.compile(r"-[0-9a-f]{12}$")
NAMELESS = "unnamed"


@lru_cache(maxsize=1_024)
def host_of(node: str) -> str:
    """The host of a Celery node such as `worker@garage`. All containers of a host count as that host."""
    name = node.rpartition("@")[2]
    return _CONTAINER.sub("", name) or NAMELESS
