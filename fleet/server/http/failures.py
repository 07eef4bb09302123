"""Maps the exceptions of requests to CallErrors, above all by whether anything was sent."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Iterator

import requests
from urllib3 import exceptions as urllib3_errors

from fleet.errors import CallError, NoAnswer, UnknownHost, Unreachable, Untrusted
from fleet.server.http.interface import Options
from tasks.text import sanitized

#: exceptions of the libraries, including those of http.client and ssl that they let through
_FOREIGN = (
    requests.RequestException,
    urllib3_errors.HTTPError,
    http.client.HTTPException,
    OSError,
    ValueError,
)
#: errors before a request was sent that a retry does not fix
_NOT_SENT: tuple[tuple[type[Exception], type[Unreachable]], ...] = (
    (urllib3_errors.NameResolutionError, UnknownHost),
    (ssl.SSLCertVerificationError, Untrusted),
)


def meaning(exc: Exception, options: Options, *, sent: bool) -> Exception:
    """The CallError for `exc`; an exception of none of the libraries is returned unchanged."""
    if isinstance(exc, CallError) or not isinstance(exc, _FOREIGN):
        return exc
    chain = list(_chain(exc))
    words = _words(chain[-1])
    if not sent:
        for kind, error in _NOT_SENT:
            # a proxy's name that does not resolve says nothing about the server's
            if any(isinstance(one, kind) for one in chain) and not (error is UnknownHost and options.proxy):
                return error(words)
        return Unreachable(words)
    for one in chain:
        if isinstance(one, TimeoutError | urllib3_errors.ReadTimeoutError):
            return NoAnswer(f"no whole answer within {options.deadline_s:g} s")
        if isinstance(one, http.client.IncompleteRead):
            return NoAnswer(f"the answer ended after {_size(one.partial)} bytes")
        if isinstance(one, ConnectionError):
            return NoAnswer("the connection was closed before an answer came")
        if isinstance(one, http.client.BadStatusLine):
            return NoAnswer(f"the answer is not HTTP: {words}")
    return NoAnswer(words)


def _size(part: object) -> object:
    """Number of bytes received; urllib3 states it, http.client has the bytes themselves."""
    return len(part) if isinstance(part, bytes) else part


def _chain(exc: BaseException) -> Iterator[BaseException]:
    """`exc` and its causes, each once, the first cause last."""
    todo, seen = [exc], set()
    while todo:
        one = todo.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        behind = [*one.args, getattr(one, "reason", None), one.__cause__, one.__context__]
        todo += [other for other in behind if isinstance(other, BaseException)]


def _words(exc: BaseException) -> str:
    said = getattr(exc, "verify_message", None) or getattr(exc, "strerror", None) or str(exc)
    return sanitized(str(said)[:300]) or type(exc).__name__
