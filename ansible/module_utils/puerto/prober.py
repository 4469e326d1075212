"""A visitor who asks all the time: what a release costs the others, measured by each release itself."""

import math
import threading
import time
from itertools import pairwise

from . import http_client
from .gates import golden_rows

PER_SECOND = 50


class Prober:
    """Asks the site through Nginx, from when it is entered until it is left.

    Args:
        application: whose site.
        name: one of the site's, before and after.
        release: whose golden rows are asked for; None: it asks nothing, as there is no site to ask.
    """

    def __init__(self, application, name, release):
        self.samples = []
        self._ended = threading.Event()
        self._name = name
        rows = (
            []
            if release is None
            else [(model, each["row"]) for model, rows in golden_rows(application, release) for each in rows]
        )
        self._rows = [] if application.in_maintenance else rows
        self._thread = threading.Thread(target=self._ask, daemon=True)

    def __enter__(self):
        if self._rows:
            self._began = time.monotonic()
            self._thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        if self._rows:
            self._thread.join()

    def _ask(self):
        connection = http_client.Connection(http_client.NGINX, self._name)
        number = 0
        while not self._ended.is_set():
            due = self._began + number / PER_SECOND
            self._ended.wait(max(0.0, due - time.monotonic()))
            model, row = self._rows[number % len(self._rows)]
            begun = time.monotonic()
            answer = connection.ask(f"/api/v1/models/{model}/predictions", row)
            self.samples.append(
                (round(begun - self._began, 3), round(answer.seconds * 1000, 2), answer.status, answer.release)
            )
            number += 1
        connection.close()

    @property
    def found(self):
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
