"""Copies bytes from one socket to another."""

from __future__ import annotations

import contextlib
import socket


def relay(source: socket.socket, sink: socket.socket) -> None:
    """Copy until `source` ends or either fails, then shut `sink` down."""
    with contextlib.suppress(OSError):
        while words := source.recv(65536):
            sink.sendall(words)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_RDWR)
