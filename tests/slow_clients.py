"""Clients that keep connections busy: each sends, or takes, a byte now and then, and comes back when it is let go."""

import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

from tests.prober import unchecked_context

STEP_SECONDS = 0.5
SMALLEST = 4096
"""Bytes of a slow reader's buffer: what doesn't fit waits on the server."""

BEGINNINGS = {
    "headers": "GET / HTTP/1.1\r\nHost: {name}\r\nX-Slow: ",
    "bodies": "POST /modelo HTTP/1.1\r\nHost: {name}\r\nContent-Length: 9000\r\n\r\n{{",
    "reads": "GET /swagger/swagger-ui-bundle.js HTTP/1.1\r\nHost: {name}\r\n\r\n",
}
"""Kind → what a client sends at once; afterwards it sends spaces, or reads single bytes."""


class SlowClients:
    """Clients of one kind, for the time of a block.

    Args:
        address: host and port that are attacked.
        name: the site's.
        kind: of `BEGINNINGS`.
        count: how many there are at any moment.
        source: the address that they come from.
        is_https: whether they shake hands before they begin to be slow.

    Attributes:
        let_go: how many connections the server has closed.
    """

    def __init__(
        self, address: tuple[str, int], name: str, kind: str, count: int, source: str = "", is_https: bool = False
    ) -> None:
        self.address, self.count, self.source = address, count, source
        self.name, self.is_https = name, is_https
        self.beginning = BEGINNINGS[kind].format(name=name).encode()
        self.step: Callable[[socket.socket], bool] = _read if kind == "reads" else _send
        self.let_go = 0
        self._over, self._thread = threading.Event(), threading.Thread(target=self._keep_on, daemon=True)
        self._connections: list[socket.socket] = []

    def __enter__(self) -> Self:
        self._connections = [self._opened() for _ in range(self.count)]
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()
        for connection in self._connections:
            connection.close()

    def _keep_on(self) -> None:
        while not self._over.wait(STEP_SECONDS):
            for place, connection in enumerate(self._connections):
                if not self.step(connection):
                    self.let_go += 1
                    connection.close()
                    with suppress(OSError):
                        self._connections[place] = self._opened()

    def _opened(self) -> socket.socket:
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALLEST)
        connection.settimeout(10)
        if self.source:
            connection.bind((self.source, 0))
        connection.connect(self.address)
        if self.is_https:
            connection = unchecked_context().wrap_socket(connection, server_hostname=self.name)
        connection.sendall(self.beginning)
        connection.setblocking(False)
        return connection


def _send(connection: socket.socket) -> bool:
    """Send a byte; return whether the connection is still of use: an answer, or its end, came before the request's."""
    try:
        connection.send(b" ")
        connection.recv(1)
    except (BlockingIOError, ssl.SSLWantReadError):
        return True
    except OSError:
        return False
    return False


def _read(connection: socket.socket) -> bool:
    """Take a byte; return whether there may be more."""
    try:
        return connection.recv(1) != b""
    except (BlockingIOError, ssl.SSLWantReadError):
        return True
    except OSError:
        return False
