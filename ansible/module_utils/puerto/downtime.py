"""What a release costs visitors, measured by each release itself: a client asks all the time meanwhile."""

import math
import threading
import time
from itertools import pairwise
from typing import Any, Self

from . import http_client
from .golden import requests
from .http_client import Address
from .layout import Application

REQUESTS_PER_SECOND = 50


class DowntimeMonitor:
    """Asks the site through Nginx, from when it is entered until it is left.

    Args:
        application: whose site.
        server_name: one of the site's, before the release and after it.
        release: whose golden rows are asked for; None: nothing is asked, as there is no site yet.
        nginx: where it is asked, before the release and after it.

    Attributes:
        samples: of each request, its start in s, its latency in ms, its status and the release that answered.
    """

    def __init__(self, application: Application, server_name: str, release: str | None, nginx: Address) -> None:
        self.samples: list[tuple[float, float, int, str]] = []
        self._stopped = threading.Event()
        self._server_name, self._nginx = server_name, nginx
        self._requests = [] if release is None or application.in_maintenance else requests(application, release)
        self._thread = threading.Thread(target=self._send_requests, daemon=True)

    def __enter__(self) -> Self:
        if self._requests:
            self._started = time.monotonic()
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        if self._requests:
            self._thread.join()

    def _send_requests(self) -> None:
        connection = http_client.Connection(self._nginx, self._server_name)
        count = 0
        while not self._stopped.is_set():
            due = self._started + count / REQUESTS_PER_SECOND
            self._stopped.wait(max(0.0, due - time.monotonic()))
            path, row = self._requests[count % len(self._requests)]
            start = time.monotonic() - self._started
            response = connection.fetch(path, row)
            latency = round(response.seconds * 1000, 2)
            self.samples.append((round(start, 3), latency, response.status, response.release))
            count += 1
        connection.close()

    @property
    def summary(self) -> dict[str, Any]:
        """Requests, failures, the longest time without an answer in ms, p99 in ms; empty if no request was sent."""
        if not self.samples:
            return {}
        answered = [start + latency / 1000 for start, latency, status, _ in self.samples if 0 < status < 500]
        latencies = sorted(latency for _, latency, _, _ in self.samples)
        gaps = [after - before for before, after in pairwise(answered)]
        return {
            "requests": len(self.samples),
            "failures": len(self.samples) - len(answered),
            "longest_gap_ms": round(max(gaps, default=0) * 1000, 1),
            "p99_ms": latencies[math.ceil(len(latencies) * 0.99) - 1],
        }
