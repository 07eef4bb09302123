"""Signatures of jobs and results by HMAC-SHA256, as `docs/architecture.md` describes them. Pure.

A job carries two. Its `mac` is made with the farm's job key, which every worker has: a worker computes no job without
it. Its `seal` is made from task id and `mac` with a key that only the coordinator has. A worker returns both with the
result and signs all of it with the key of its host. So a result is accepted only for a job exactly as the coordinator
sent it, and only from a host that has a key.

The id of a message with several jobs is made from their MACs with the job key, so that nobody without it can put jobs
together.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tasks.errors import SignatureError

KEY_BYTES = 32
#: fields of a job message
MAC_FIELD, SEAL_FIELD = "mac", "seal"
#: fields of a result; the signature covers the others, with task, state, worker and body, in this order
SIGNATURE_FIELD = "sig"
SIGNED_FIELDS = ("host", MAC_FIELD, SEAL_FIELD, "task", "state", "worker", "body")

_HASH = "sha256"
#: bytes of a seal and of a result's signature; a MAC is whole, since workers know its key and must find no second job
_SHORT_BYTES = 16
_KEY_PREFIX = "neonetkey1"
_KEY_HOST = re.compile(r"[a-z0-9_-]{1,40}")
_TEXTS = ("job_id", "miner_id", "job_type", "data")
_RESULT_HEAD = b"result" + b" %d" * len(SIGNED_FIELDS) + b"\n"


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkerKey:
    """The keys of one host's workers."""

    #: name of the host that the coordinator knows the key by
    host: str
    #: shared by all workers of the farm
    job: bytes = field(repr=False)
    #: of this host alone
    result: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Raise ValueError for a name or a key that no farm makes."""
        if _KEY_HOST.fullmatch(self.host) is None or {len(self.job), len(self.result)} != {KEY_BYTES}:
            raise ValueError("not a worker's key")

    def encode(self) -> str:
        """The key as one line of letters, digits, `_`, `-` and dots."""
        return ".".join((_KEY_PREFIX, self.host, *(_base64(key) for key in (self.job, self.result))))

    @classmethod
    def decode(cls, text: str) -> WorkerKey:
        """The key that `encode` wrote. Raises ValueError, which never repeats the text."""
        prefix, *rest = text.strip().split(".")
        if prefix != _KEY_PREFIX or len(rest) != 3:
            raise ValueError(f"must begin with {_KEY_PREFIX} and have four parts: copy the whole line")
        host, job, result = rest
        try:
            return cls(host=host, job=_from_base64(job), result=_from_base64(result))
        except ValueError as exc:
            raise ValueError("is cut or mistyped: copy the whole line") from exc


def job_mac(key: bytes, sent: Mapping[str, Any]) -> str:
    """The MAC of a job message, in hexadecimal.

    Raises SignatureError for fields that no coordinator sends.
    """
    version, attempt = sent.get("v"), sent.get("attempt")
    job_id, miner_id, job_type, data = map(sent.get, _TEXTS)
    if not (isinstance(job_id, str) and isinstance(miner_id, str) and isinstance(job_type, str)):
        raise SignatureError("job_id, miner_id and job_type of a job message are strings")
    if type(version) is not int or type(attempt) is not int or not isinstance(data, str):
        raise SignatureError("v and attempt of a job message are integers and data a text")
    # the lengths in front leave one way to split the text into its fields
    head = f"job {version} {attempt} {len(job_id)} {len(miner_id)} {len(job_type)} {len(data)}"
    text = f"{head}\n{job_id}{miner_id}{job_type}{data}"
    return hmac.digest(key, text.encode(errors="surrogatepass"), _HASH).hex()


def job_seal(key: bytes, task: bytes, mac: bytes) -> str:
    """The coordinator's seal of the job with this Celery task id and MAC, in hexadecimal."""
    return hmac.digest(key, b"seal " + mac + b" " + task, _HASH)[:_SHORT_BYTES].hex()


def bundle_id(key: bytes, macs: Iterable[str]) -> str:
    """The Celery task id of the message that holds the jobs with these MACs, in this order; it looks like a UUID."""
    digest = hmac.digest(key, " ".join(("bundle", *macs)).encode(errors="surrogatepass"), _HASH)
    return str(uuid.UUID(bytes=digest[:_SHORT_BYTES]))


def key_proof(result: bytes, job: bytes) -> str:
    """What shows a worker whether its keys are those that the coordinator has for its host, in hexadecimal."""
    return hmac.digest(result, b"key " + job, _HASH)[:_SHORT_BYTES].hex()


def result_signature(key: bytes, values: Sequence[bytes]) -> str:
    """The signature of a result with these values of `SIGNED_FIELDS`, in hexadecimal."""
    head = _RESULT_HEAD % tuple(map(len, values))
    return hmac.digest(key, head + b"".join(values), _HASH)[:_SHORT_BYTES].hex()


def kind_signature(key: bytes, worker: str, kind: Sequence[str]) -> str:
    """The signature of what a worker of this name states of its host's kind, in hexadecimal."""
    values = [text.encode(errors="surrogatepass") for text in (worker, *kind)]
    head = " ".join(("kind", *(str(len(value)) for value in values)))
    return hmac.digest(key, head.encode() + b"\n" + b"".join(values), _HASH)[:_SHORT_BYTES].hex()


def equal(one: object, other: str) -> bool:
    """Whether two signatures are equal, compared in constant time; False for anything but bytes and ASCII text."""
    if isinstance(one, bytes):
        return hmac.compare_digest(one, other.encode())
    return isinstance(one, str) and one.isascii() and hmac.compare_digest(one, other)


def signed_result(key: WorkerKey, fields: Mapping[str, str], job: Mapping[str, Any] | None) -> dict[str, str]:
    """The fields of a stream entry with those of its signature.

    `job` is the message that the result is for; None or one without a seal gives a result that proves its host alone.
    """
    given = job or {}
    mac, seal = given.get(MAC_FIELD), given.get(SEAL_FIELD)
    signed = {
        **fields,
        "host": key.host,
        MAC_FIELD: mac if isinstance(mac, str) else "",
        SEAL_FIELD: seal if isinstance(seal, str) else "",
    }
    values = [signed[name].encode(errors="surrogatepass") for name in SIGNED_FIELDS]
    signed[SIGNATURE_FIELD] = result_signature(key.result, values)
    return signed


def _base64(key: bytes) -> str:
    return base64.urlsafe_b64encode(key).decode().rstrip("=")


def _from_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as exc:
        raise ValueError("not base64") from exc
