"""Requests to the application, through its socket or through Nginx, by name."""

import http.client
import json
import select
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SECONDS = 10.0

Address = Path | tuple[str, int]
"""A Unix socket, or host and port."""

NGINX: Address = ("127.0.0.1", 80)


@dataclass(frozen=True)
class Response:
    """What came back.

    Attributes:
        status: HTTP's; 0 where nothing came.
        release: the one that answered.
        body: as bytes.
        seconds: until all of it was there.
    """

    status: int
    release: str
    body: bytes
    seconds: float

    @property
    def json(self) -> Any:
        """The body."""
        return json.loads(self.body)

    def is_of(self, release: str) -> bool:
        """Return whether a release answered, and with 200."""
        return (self.status, self.release) == (200, release)

    def __str__(self) -> str:
        if not self.status:
            return f"no answer ({self.body.decode(errors='replace')})"
        return f"status {self.status} from release {self.release or 'none'}"


class Connection(http.client.HTTPConnection):
    """Kept open.

    Args:
        address: where to.
        name: the site's.
    """

    def __init__(self, address: Address, name: str, seconds: float = SECONDS) -> None:
        super().__init__(name, timeout=seconds)
        self._address = address

    def connect(self) -> None:
        """Open it."""
        family = socket.AF_INET if isinstance(self._address, tuple) else socket.AF_UNIX
        self.sock = socket.socket(family, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        if family == socket.AF_INET:  # else the body waits for the answer to the headers
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.connect(self._address if isinstance(self._address, tuple) else str(self._address))

    def fetch(self, path: str, row: object = None) -> Response:
        """GET, or POST a row or rows as JSON if there are; a response of status 0 where nothing comes."""
        began = time.monotonic()
        if self.sock and select.select([self.sock], [], [], 0)[0]:
            self.close()  # the other side has ended what was idle, as it may
        body = None if row is None else json.dumps(row).encode()
        headers = {} if row is None else {"Content-Type": "application/json"}
        try:
            self.request("GET" if row is None else "POST", path, body, headers)
            response = self.getresponse()
            data = response.read()
        except (OSError, http.client.HTTPException) as fault:
            self.close()
            return Response(0, "", str(fault).encode(), time.monotonic() - began)
        return Response(response.status, response.headers.get("X-Release", ""), data, time.monotonic() - began)


def fetch(address: Address, name: str, path: str, seconds: float = SECONDS) -> Response:
    """GET once, on a connection of its own."""
    connection = Connection(address, name, seconds)
    try:
        return connection.fetch(path)
    finally:
        connection.close()
