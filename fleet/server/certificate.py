"""Reads the end of a TLS server's certificate, by a handshake alone."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Certificate:
    """A certificate that was verified."""

    #: Unix seconds
    ends: float
    #: the protocol that was agreed on, e.g. TLSv1.3
    version: str


def certificate_of(host: str, port: int, context: ssl.SSLContext, *, timeout_s: float) -> Certificate:
    """The certificate of a TLS server. Nothing is sent beside the handshake.

    Raises ssl.SSLCertVerificationError for one that `context` does not verify, OSError or ValueError without an answer.
    """
    with (
        socket.create_connection((host, port), timeout_s) as plain,
        context.wrap_socket(plain, server_hostname=host) as tls,
    ):
        stated = tls.getpeercert() or {}
        return Certificate(ends=ssl.cert_time_to_seconds(str(stated.get("notAfter"))), version=tls.version() or "TLS")
