"""The kinds of faults, and the stage of a request at which each occurs."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

#: values of `FLAWED_DATA`
DATA_FLAWS = ("nan", "infinity", "huge", "digits", "deep", "surrogate")


class Stage(Enum):
    """The stage of a request at which a fault occurs."""

    #: before anything is done for the caller
    BEFORE = "before"
    #: the job that is handed out is wrong
    JOB = "job"
    #: the call takes effect, but the answer is wrong
    ANSWER = "answer"
    #: the call takes effect, but the answer is not delivered correctly
    DELIVERY = "delivery"


class FaultKind(Enum):
    """One kind of fault."""

    #: a plain-text 500, nothing done
    ERROR_BEFORE = "error_before"
    #: an HTML 502 of a proxy, nothing done
    BAD_GATEWAY = "bad_gateway"
    #: an HTML 503 of a proxy, nothing done
    UNAVAILABLE = "unavailable"
    #: a proxy's page with the status `value` (403 without one), nothing done
    PAGE = "page"
    #: a 429, nothing done; `value` is the literal Retry-After header ("date": an HTTP date 5 s ahead)
    REFUSED = "refused"
    #: a ban of the caller's address: 403 to every call for `value` seconds (300 without one). `300+60`: after that also
    #: 403 until trust is restored, which takes 60 s, and longer with each refused call
    BLOCKED = "blocked"
    #: a 400 "No active session", nothing done
    NO_SESSION = "no_session"
    #: no byte of an answer, nothing done
    HANG_BEFORE = "hang_before"
    #: the connection is closed, nothing done
    DROP_BEFORE = "drop_before"
    #: everything but the book is forgotten, then the call is answered
    FORGET = "forget"

    #: `data` too large for any host
    POISON = "poison"
    #: an unknown job type (`value`)
    UNKNOWN_TYPE = "unknown_type"
    #: a job whose `data` holds a value outside of JSON: `value` is nan, infinity, huge, digits, deep or surrogate
    FLAWED_DATA = "flawed_data"
    #: a job whose `reward` is the literal `value` (-1, NaN, 1e400, "text"); the amount paid stays the same
    JOB_REWARD = "job_reward"
    #: a job whose `timeout_seconds`, `created_at` and `expires_at` are the literal `value`
    DEADLINE = "deadline"
    #: the pending job, or the last completed one, with other data
    OTHER_PAYLOAD = "other_payload"
    #: a job that another miner fetched
    OTHER_MINER = "other_miner"

    #: a plain-text 500 after the call took effect
    ERROR_AFTER = "error_after"
    #: an HTML page with status 200
    HTML = "html"
    #: JSON that is cut off half way
    CUT_JSON = "cut_json"
    #: every field has a value of another type
    WRONG_TYPES = "wrong_types"
    #: the fields in `value` (a|b) are missing, or all fields without a `value`
    MISSING_FIELDS = "missing_fields"
    #: additional unknown fields
    EXTRA_FIELDS = "extra_fields"
    #: every number is NaN
    NAN = "nan"
    #: every number is Infinity
    INFINITY = "infinity"
    #: a receipt whose `reward` is the literal `value`; the book holds the amount really paid
    RECEIPT_REWARD = "receipt_reward"
    #: 10 MB of valid JSON
    BIG_BODY = "big_body"
    #: arrays nested 100,000 deep
    DEEP_NESTING = "deep_nesting"
    #: every number is an integer of 5,000 digits
    LONG_INTEGER = "long_integer"
    #: the answer that this miner got on this endpoint when the fault first struck, as from a cache
    STALE = "stale"
    #: bytes that aren't UTF-8
    BAD_UTF8 = "bad_utf8"
    #: 1 GB of zeros in about 1 MB of gzip
    GZIP_BOMB = "gzip_bomb"

    #: no byte of an answer after the call took effect
    HANG_AFTER = "hang_after"
    #: headers, half the body, then nothing
    HANG_BODY = "hang_body"
    #: one byte a second
    TRICKLE = "trickle"
    #: the connection is closed instead of an answer, after the call took effect
    DROP_AFTER = "drop_after"


_STAGES: Mapping[Stage, frozenset[FaultKind]] = {
    Stage.BEFORE: frozenset(
        {
            FaultKind.ERROR_BEFORE,
            FaultKind.BAD_GATEWAY,
            FaultKind.UNAVAILABLE,
            FaultKind.PAGE,
            FaultKind.REFUSED,
            FaultKind.BLOCKED,
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
    """The stage at which the kind occurs."""
    return next((stage for stage, kinds in _STAGES.items() if kind in kinds), Stage.ANSWER)
