"""JSON without spaces, by encoders that are made once: `json.dumps` with options makes one at each call.

Each function takes plain JSON values and returns ASCII. Floats are written by `repr`.
"""

from __future__ import annotations

import json

_NO_SPACES = (",", ":")

#: in the order of the keys; NaN and infinities are written as Python writes them
compact = json.JSONEncoder(separators=_NO_SPACES).encode
#: the same, but raises ValueError for NaN and infinities
compact_finite = json.JSONEncoder(separators=_NO_SPACES, allow_nan=False).encode
#: with sorted keys, so that equal values give equal texts
compact_sorted = json.JSONEncoder(separators=_NO_SPACES, sort_keys=True).encode
