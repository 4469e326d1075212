"""Requests to the application, through its socket or through Nginx, by name."""

import http.client
import json
import select
import socket
import ssl
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TIMEOUT_SECONDS = 10.0

Address = Path | tuple[str, int]
"""A Unix socket, or host and port."""

HOST_ITSELF = "127.0.0.2"
"""Where the host asks Nginx for its own site. What shows a server's state often listens on 127.0.0.1:80, which Nginx
prefers to all sites on 80 alone; what comes to this address, the wildcard gets."""

NGINX: Address = (HOST_ITSELF, 80)
NGINX_HTTPS: Address = (HOST_ITSELF, 443)

# Whether a certificate is good is for visitors to judge: here the host asks itself.
_TLS = ssl.create_default_context()
_TLS.check_hostname = False
_TLS.verify_mode = ssl.CERT_NONE


@dataclass(frozen=True)
class Response:
    """What came back.

    Attributes:
        status: HTTP's; 0 if nothing came.
        release: the one that answered.
        body: as bytes.
        seconds: until all of it had come.
    """

    status: int
    release: str
    body: bytes
    seconds: float

    @property
    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)

    def is_from(self, release: str) -> bool:
        """Return whether a release answered, and with 200."""
        return (self.status, self.release) == (200, release)

    def __str__(self) -> str:
        if not self.status:
            return f"no answer ({self.body.decode(errors='replace')})"
        return f"status {self.status} from release {self.release or 'none'}"


class Connection(http.client.HTTPConnection):
    """A connection that is kept open.

    Args:
        address: where to.
        server_name: the site's; sent as Host.
        timeout: in seconds.
    """

    def __init__(self, address: Address, server_name: str, timeout: float = TIMEOUT_SECONDS) -> None:
        super().__init__(server_name, timeout=timeout)
        self._address = address

    def connect(self) -> None:
        """Open it."""
        family = socket.AF_INET if isinstance(self._address, tuple) else socket.AF_UNIX
        self.sock = socket.socket(family, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        if family == socket.AF_INET:  # otherwise the body waits until the headers are acknowledged
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.connect(self._address if isinstance(self._address, tuple) else str(self._address))
        if self._address == NGINX_HTTPS:
            self.sock = _TLS.wrap_socket(self.sock, server_hostname=self.host)

    def fetch(self, path: str, payload: object = None) -> Response:
        """GET, or POST a payload as JSON if there is one; return a response of status 0 if nothing comes."""
        started = time.monotonic()
        if self.sock and select.select([self.sock], [], [], 0)[0]:
            self.close()  # the server has closed an idle connection, as it may
        body = None if payload is None else json.dumps(payload).encode()
        headers = {} if payload is None else {"Content-Type": "application/json"}
        try:
            self.request("GET" if payload is None else "POST", path, body, headers)
            response = self.getresponse()
            data = response.read()
        except (OSError, http.client.HTTPException) as fault:
            self.close()
            return Response(0, "", str(fault).encode(), time.monotonic() - started)
        return Response(response.status, response.headers.get("X-Release", ""), data, time.monotonic() - started)


def fetch(address: Address, server_name: str, path: str, timeout: float = TIMEOUT_SECONDS) -> Response:
    """GET once, on a connection of its own."""
    connection = Connection(address, server_name, timeout)
    try:
        return connection.fetch(path)
    finally:
        connection.close()
