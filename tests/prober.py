"""Sends a site one request after another, and prints the response times: ``python3 prober.py URL NAME SECONDS``.

Reads the body from standard input. A program without the project's modules: a load in another process can't delay it.
"""

import http.client
import json
import ssl
import sys
import time
from collections import Counter
from urllib.parse import urlsplit

PAUSE_SECONDS = 0.005


def unchecked_context() -> ssl.SSLContext:
    """Return what a TLS client needs that looks at no certificate."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


class TlsConnection(http.client.HTTPConnection):
    """Over TLS, to an address by a site's name; its certificate isn't looked at."""

    def __init__(self, host: str, port: int, name: str, timeout: float) -> None:
        super().__init__(host, port, timeout=timeout)
        self.name, self.context = name, unchecked_context()

    def connect(self) -> None:
        """Connect, and shake hands."""
        super().connect()
        self.sock = self.context.wrap_socket(self.sock, server_hostname=self.name)


class Visitor:
    """Asks for one prediction after another on a connection that is kept.

    One that Nginx has closed before a request, as it may where it runs out of them, is opened again and the request
    repeated, as browsers do.

    Args:
        connection: to the site.
        path, body, headers: of the request.
    """

    def __init__(self, connection: http.client.HTTPConnection, path: str, body: bytes, headers: dict[str, str]) -> None:
        self.connection, self.request = connection, (path, body, headers)
        self.times_ms: list[float] = []
        self.faults, self.reopened, self._is_kept = Counter[str](), 0, False

    def ask(self) -> None:
        """Ask once, and note how long it took, and what went wrong."""
        start = time.perf_counter()
        try:
            status = self._status()
        except (OSError, http.client.HTTPException) as fault:
            self.faults[repr(fault)] += 1
            self.connection.close()
            self._is_kept = False
        else:
            self._is_kept = True
            if status != 200:
                self.faults[str(status)] += 1
        self.times_ms.append((time.perf_counter() - start) * 1000)

    def _status(self) -> int:
        path, body, headers = self.request
        try:
            self.connection.request("POST", path, body, headers)
            response = self.connection.getresponse()
        except ConnectionError:  # RemoteDisconnected is one too
            if not self._is_kept:
                raise
            self.connection.close()
            self.reopened += 1
            self.connection.request("POST", path, body, headers)
            response = self.connection.getresponse()
        response.read()
        return response.status

    @property
    def figures(self) -> dict[str, object]:
        """How many requests, how many failed, why, and the ms that 50, 99 and 100 % stayed under."""
        times_ms, count = sorted(self.times_ms), len(self.times_ms)
        percentiles = {f"p{percent}_ms": times_ms[min(count - 1, count * percent // 100)] for percent in (50, 99, 100)}
        counts = {"requests": count, "failed": self.faults.total(), "faults": self.faults, "reopened": self.reopened}
        return counts | percentiles


def main() -> None:
    """Send requests for some seconds, and print the figures as JSON."""
    url, name, seconds = urlsplit(sys.argv[1]), sys.argv[2], float(sys.argv[3])
    connection = http.client.HTTPConnection(url.hostname or "", url.port or 80, timeout=30)
    if url.scheme == "https":
        connection = TlsConnection(url.hostname or "", url.port or 443, name, timeout=30)
    headers = {"Host": name, "Content-Type": "application/json"}
    visitor = Visitor(connection, url.path, sys.stdin.buffer.read(), headers)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        visitor.ask()
        time.sleep(PAUSE_SECONDS)
    print(json.dumps(visitor.figures))


if __name__ == "__main__":
    main()
