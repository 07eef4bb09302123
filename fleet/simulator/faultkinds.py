"""The kinds of faults, and where on its way a request meets each."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

#: what `FLAWED_DATA` can put into a job
DATA_FLAWS = ("nan", "infinity", "huge", "digits", "deep", "surrogate")


class Stage(Enum):
    """Where on its way a request meets the fault."""

    #: nothing is done for the caller
    BEFORE = "before"
    #: the job that is handed out is a strange one
    JOB = "job"
    #: the deed is done, the answer is another one
    ANSWER = "answer"
    #: the deed is done, the answer doesn't come through as it should
    DELIVERY = "delivery"


class FaultKind(Enum):
    """One thing that goes wrong."""

    #: a plain-text 500, nothing done
    ERROR_BEFORE = "error_before"
    #: an HTML 502 of a proxy, nothing done
    BAD_GATEWAY = "bad_gateway"
    #: an HTML 503 of a proxy, nothing done
    UNAVAILABLE = "unavailable"
    #: a page of a proxy with the status `value` (403 without one), nothing done
    PAGE = "page"
    #: a 429, nothing done; `value` is the Retry-After header as it stands ("date": an HTTP date 5 s ahead)
    REFUSED = "refused"
    #: a 400 "No active session", nothing done
    NO_SESSION = "no_session"
    #: no byte of an answer, nothing done
    HANG_BEFORE = "hang_before"
    #: the connection is closed, nothing done
    DROP_BEFORE = "drop_before"
    #: everything but the book is forgotten, then the call is answered
    FORGET = "forget"

    #: `data` that no host could compute
    POISON = "poison"
    #: a job type that nobody knows (`value`)
    UNKNOWN_TYPE = "unknown_type"
    #: a job whose `data` holds what JSON has no room for: `value` is nan, infinity, huge, digits, deep or surrogate
    FLAWED_DATA = "flawed_data"
    #: a job whose `reward` is `value`, as it stands (-1, NaN, 1e400, "text"); paid is what it was before
    JOB_REWARD = "job_reward"
    #: a job whose `timeout_seconds`, `created_at` and `expires_at` are `value`, as it stands
    DEADLINE = "deadline"
    #: the pending job, or the one completed last, with other data
    OTHER_PAYLOAD = "other_payload"
    #: a job that another miner fetched
    OTHER_MINER = "other_miner"

    #: a plain-text 500 although the deed is done
    ERROR_AFTER = "error_after"
    #: an HTML page with status 200
    HTML = "html"
    #: JSON that ends half way
    CUT_JSON = "cut_json"
    #: each field holds a value of another type
    WRONG_TYPES = "wrong_types"
    #: the fields named in `value` (a|b) are missing, all of them without it
    MISSING_FIELDS = "missing_fields"
    #: fields that nobody knows
    EXTRA_FIELDS = "extra_fields"
    #: each number is NaN
    NAN = "nan"
    #: each number is Infinity
    INFINITY = "infinity"
    #: a receipt whose `reward` is `value`, as it stands; the book holds what was really paid
    RECEIPT_REWARD = "receipt_reward"
    #: 10 MB of valid JSON
    BIG_BODY = "big_body"
    #: arrays nested 100,000 deep
    DEEP_NESTING = "deep_nesting"
    #: each number is an integer of 5,000 digits
    LONG_INTEGER = "long_integer"
    #: the answer that the miner got here when this struck first: a cache
    STALE = "stale"
    #: bytes that aren't UTF-8
    BAD_UTF8 = "bad_utf8"
    #: 1 GB of zeros in about 1 MB of gzip
    GZIP_BOMB = "gzip_bomb"

    #: no byte of an answer, although the deed is done
    HANG_AFTER = "hang_after"
    #: headers, half the body, then nothing
    HANG_BODY = "hang_body"
    #: one byte a second
    TRICKLE = "trickle"
    #: the connection is closed instead of an answer, although the deed is done
    DROP_AFTER = "drop_after"


_STAGES: Mapping[Stage, frozenset[FaultKind]] = {
    Stage.BEFORE: frozenset(
        {
            FaultKind.ERROR_BEFORE,
            FaultKind.BAD_GATEWAY,
            FaultKind.UNAVAILABLE,
            FaultKind.PAGE,
            FaultKind.REFUSED,
            FaultKind.NO_SESSION,
            FaultKind.HANG_BEFORE,
            FaultKind.DROP_BEFORE,
            FaultKind.FORGET,
        }
    ),
    Stage.JOB: frozenset(
        {
            FaultKind.POISON,
            FaultKind.UNKNOWN_TYPE,
            FaultKind.FLAWED_DATA,
            FaultKind.JOB_REWARD,
            FaultKind.DEADLINE,
            FaultKind.OTHER_PAYLOAD,
            FaultKind.OTHER_MINER,
        }
    ),
    Stage.DELIVERY: frozenset({FaultKind.HANG_AFTER, FaultKind.HANG_BODY, FaultKind.TRICKLE, FaultKind.DROP_AFTER}),
}


def stage_of(kind: FaultKind) -> Stage:
    """Where the kind strikes."""
    return next((stage for stage, kinds in _STAGES.items() if kind in kinds), Stage.ANSWER)
