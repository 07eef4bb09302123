"""On the PYTHONPATH of a farm, notes each call of the functions named in NEONET_TEST_WAY_NAMES, with its time.

Appends lines of `NANOSECONDS FUNCTION` to the file NEONET_TEST_WAY_FILE, from every process and thread of the farm.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from types import CodeType, FrameType

_names = frozenset(os.environ.get("NEONET_TEST_WAY_NAMES", "").split())
_known: dict[CodeType, str] = {}


def _note(frame: FrameType, event: str, _: object) -> None:
    if event != "call":
        return
    code = frame.f_code
    name = _known.get(code)
    if name is None:
        # what a function has made inside of it counts as the function
        name = f"{frame.f_globals.get('__name__', '')}.{code.co_qualname.partition('.<locals>')[0]}"
        _known[code] = name = name if name in _names else ""
    if name:
        os.write(_file, f"{time.monotonic_ns()} {name}\n".encode())


if _names:
    _file = os.open(os.environ["NEONET_TEST_WAY_FILE"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    threading.setprofile(_note)
    sys.setprofile(_note)
