"""TLS connections to Redis that trust the authority of the URL alone."""

from __future__ import annotations

import ssl
from typing import Any

import redis
import redis.asyncio


class VerifiedConnection(redis.SSLConnection):
    """A connection whose certificate is signed by `ssl_ca_certs`, or by the system's authorities where it is None.

    redis-py trusts the system's authorities beside a named one: any of them, or whoever controls one, could answer in
    place of the farm's Redis and would be sent the password.
    """

    def _wrap_socket_with_ssl(self, sock: Any) -> ssl.SSLSocket:
        return _context(self).wrap_socket(sock, server_hostname=self.host)


class VerifiedAsyncConnection(redis.asyncio.SSLConnection):
    """The same for asyncio, which Flower uses."""

    def _connection_arguments(self) -> dict[str, Any]:
        return {**super()._connection_arguments(), "ssl": _context(self)}


def _context(connection: Any) -> ssl.SSLContext:
    """A context that trusts the connection's authority; TLS 1.2 or newer, as Python's default is."""
    context = ssl.create_default_context(cafile=connection.ca_certs)
    context.check_hostname = connection.check_hostname
    if connection.certfile:
        # without a password argument, OpenSSL would ask for one on the terminal
        context.load_cert_chain(connection.certfile, connection.keyfile, password="")
    return context
