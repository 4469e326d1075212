"""Questions to the application, through its socket or through Nginx, by name."""

import http.client
import json
import select
import socket
import time
from dataclasses import dataclass

SECONDS = 10
NGINX = ("127.0.0.1", 80)


@dataclass(frozen=True)
class Answer:
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
    def json(self):
        """The body."""
        return json.loads(self.body)


class Connection(http.client.HTTPConnection):
    """To a Unix socket (a path) or to an address (host and port); kept open.

    Args:
        to: which.
        name: the site's.
    """

    def __init__(self, to, name, seconds=SECONDS):
        super().__init__(name, timeout=seconds)
        self._to = to

    def connect(self):
        """Open it."""
        family = socket.AF_INET if isinstance(self._to, tuple) else socket.AF_UNIX
        self.sock = socket.socket(family, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        if family == socket.AF_INET:  # else the body waits for the answer to the headers
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.connect(self._to if isinstance(self._to, tuple) else str(self._to))

    def ask(self, path, row=None):
        """Ask, with a row or rows as JSON if there are; an answer of status 0 where nothing comes."""
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
            return Answer(0, "", str(fault).encode(), time.monotonic() - began)
        return Answer(response.status, response.headers.get("X-Release", ""), data, time.monotonic() - began)


def ask(to, name, path, row=None, seconds=SECONDS):
    """Ask once, on a connection of its own."""
    connection = Connection(to, name, seconds)
    try:
        return connection.ask(path, row)
    finally:
        connection.close()
