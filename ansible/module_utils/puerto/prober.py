"""A visitor who asks all the time: what a release costs the others, measured by each release itself."""

import math
import threading
import time
from itertools import pairwise
from typing import Any, Self

from . import http_client
from .golden import requests
from .layout import Application

PER_SECOND = 50


class Prober:
    """Asks the site through Nginx, from when it is entered until it is left.

    Args:
        application: whose site.
        name: one of the site's, before and after.
        release: whose golden rows are asked for; None: it asks nothing, as there is no site to ask.

    Attributes:
        samples: of each request its start in s, ms, status and release.
    """

    def __init__(self, application: Application, name: str, release: str | None) -> None:
        self.samples: list[tuple[float, float, int, str]] = []
        self._ended = threading.Event()
        self._name = name
        self._requests = [] if release is None or application.in_maintenance else requests(application, release)
        self._thread = threading.Thread(target=self._ask, daemon=True)

    def __enter__(self) -> Self:
        if self._requests:
            self._began = time.monotonic()
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        if self._requests:
            self._thread.join()

    def _ask(self) -> None:
        connection = http_client.Connection(http_client.NGINX, self._name)
        number = 0
        while not self._ended.is_set():
            due = self._began + number / PER_SECOND
            self._ended.wait(max(0.0, due - time.monotonic()))
            path, row = self._requests[number % len(self._requests)]
            begun = time.monotonic()
            response = connection.fetch(path, row)
            self.samples.append(
                (round(begun - self._began, 3), round(response.seconds * 1000, 2), response.status, response.release)
            )
            number += 1
        connection.close()

    @property
    def summary(self) -> dict[str, Any]:
        """What it saw: requests, failures, the longest time without an answer in ms, p99 in ms."""
        if not self.samples:
            return {}
        answered = [start + took / 1000 for start, took, status, _ in self.samples if 0 < status < 500]
        times = sorted(took for _, took, _, _ in self.samples)
        gaps = [after - before for before, after in pairwise(answered)]
        return {
            "requests": len(self.samples),
            "failures": len(self.samples) - len(answered),
            "longest_gap_ms": round(max(gaps, default=0) * 1000, 1),
            "p99_ms": times[math.ceil(len(times) * 0.99) - 1],
        }
