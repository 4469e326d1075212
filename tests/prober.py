"""Sends a site one request after another, and prints the response times: ``python3 prober.py URL NAME SECONDS``.

Reads the body from standard input. A program without the project's modules: a load in another process can't delay it.
"""

import http.client
import json
import ssl
import sys
import time
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


def main() -> None:
    """Send requests; print as JSON how many, how many failed, and the times in ms that 50, 99 and 100 % stay under."""
    url, name, seconds = urlsplit(sys.argv[1]), sys.argv[2], float(sys.argv[3])
    body, times_ms, failed = sys.stdin.buffer.read(), [], 0
    headers = {"Host": name, "Content-Type": "application/json"}
    connection = http.client.HTTPConnection(url.hostname or "", url.port or 80, timeout=30)
    if url.scheme == "https":
        connection = TlsConnection(url.hostname or "", url.port or 443, name, timeout=30)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        start = time.perf_counter()
        try:
            connection.request("POST", url.path, body, headers)
            response = connection.getresponse()
            response.read()
            failed += response.status != 200
        except (OSError, http.client.HTTPException):
            failed += 1
            connection.close()
        times_ms.append((time.perf_counter() - start) * 1000)
        time.sleep(PAUSE_SECONDS)
    times_ms.sort()
    count = len(times_ms)
    percentiles = {f"p{percent}_ms": times_ms[min(count - 1, count * percent // 100)] for percent in (50, 99, 100)}
    print(json.dumps({"requests": count, "failed": failed, **percentiles}))


if __name__ == "__main__":
    main()
