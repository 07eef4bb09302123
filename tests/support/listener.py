"""A socket that answers HTTP in ways that no library would."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.support.waiting import whole_request

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


class Listener:
    """Plays each connection on a thread of its own, and counts them."""

    def __init__(self, play: Callable[[socket.socket, int], None], port: int = 0) -> None:
        self.socket = socket.create_server(("127.0.0.1", port), backlog=64)
        self.port = int(self.socket.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self.connections = 0
        self._play = play
        threading.Thread(target=self._accept, daemon=True).start()

    def deaf(self) -> None:
        """Take no new connections; those that are there go on."""
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection, self.connections), daemon=True).start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        with connection:
            try:
                self._play(connection, number)
            except OSError:
                return


@contextmanager
def listening(play: Callable[[socket.socket, int], None]) -> Iterator[Listener]:
    listener = Listener(play)
    try:
        yield listener
    finally:
        listener.deaf()


def answering(answer: bytes) -> Callable[[socket.socket, int], None]:
    def play(connection: socket.socket, _: int) -> None:
        while True:
            whole_request(connection)
            connection.sendall(answer)

    return play


def counted(connection: socket.socket, number: int) -> None:
    """Say the number of the connection."""
    while True:
        whole_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n%d" % number)
