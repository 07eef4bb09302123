"""Faults of the simulator that a farm must survive. After any of CALL_FAULTS the server still states what it paid.

After any of CALL_FAULTS the server still states what it paid.
"""

from __future__ import annotations

FAILURES = ("error_before", "bad_gateway", "unavailable")
#: statuses with which a proxy answers instead of the server
PAGE_STATUSES = (202, 204, 301, 302, 401, 402, 403, 405, 407, 408, 413, 421, 425, 451)
PAGES = tuple(f"page,value={status}" for status in PAGE_STATUSES)
REFUSALS = ("refused", "refused,value=2", "refused,value=date", "refused,value=-5")
GARBAGE = (
    "html",
    "cut_json",
    "wrong_types",
    "missing_fields",
    "extra_fields",
    "nan",
    "infinity",
    "long_integer",
    "bad_utf8",
)
#: expensive to read, so only for tests with separate processes
BULK = ("big_body", "deep_nesting", "gzip_bomb")
SILENT_BEFORE = ("hang_before", "drop_before")
SILENT_AFTER = ("hang_after", "hang_body", "trickle", "drop_after")
CALL_FAULTS = (*FAILURES, *REFUSALS, *SILENT_BEFORE, "error_after", *GARBAGE, *SILENT_AFTER)
