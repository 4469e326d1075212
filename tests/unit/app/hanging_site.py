"""A site whose model hangs: who asks it, what comes back, what it logs."""

import http.client
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.hanging import FOREVER
from tests.served import Served

PATH = "/api/v1/models/hanging/predictions"
TIMEOUT = 1
MARGIN = 4
"""Seconds within which a request must have ended after its timeout, on a busy machine."""

ENDS = 20
"""Seconds within which all must be as it was before."""


class Site:
    """The application under Gunicorn, with a model that hangs."""

    def __init__(self, folder: Path, server: Served) -> None:
        self.server = server
        self.host, port = server.address.split(":")
        self.port, self._log = int(port), folder / "gunicorn.log"
        self._before = len(self._log.read_text())

    def connect(self, patience: float = 30) -> http.client.HTTPConnection:
        """Return a connection that hasn't been opened yet."""
        return http.client.HTTPConnection(self.host, self.port, timeout=patience)

    def hang(self, how: str, seconds: float = FOREVER, path: str = PATH, **headers: str) -> Any:
        """Make the model hang; return status, headers, body and seconds, the first two None where no response came."""
        connection, started = self.connect(), time.monotonic()
        body = json.dumps({"how": how, "seconds": seconds})
        try:
            connection.request("POST", path, body, {"Content-Type": "application/json"} | headers)
            response = connection.getresponse()
            return response.status, response.headers, response.read(), time.monotonic() - started
        except (OSError, http.client.HTTPException):
            return None, None, b"", time.monotonic() - started
        finally:
            connection.close()

    def lines(self, message: str = "") -> list[dict[str, Any]]:
        """Return the log's lines that hold a message: the last may not have been written to its end."""
        whole = self._log.read_text()[self._before :].rpartition("\n")[0]
        records = [json.loads(line) for line in whole.splitlines()]
        return [line for line in records if message in line["message"]]

    def wait_for(self, lines: int, message: str) -> list[dict[str, Any]]:
        """Wait for so many lines with a message, and return them."""
        deadline = time.monotonic() + ENDS
        while len(records := self.lines(message)) < lines:
            assert time.monotonic() < deadline, [line for line in self.lines() if line["message"] != "POST 200"]
            time.sleep(0.05)
        return records


@contextmanager
def visitors(site: Site, keep_alive: bool, number: int = 4) -> Iterator[list[str]]:
    """Request ordinary predictions over several connections during a block; yield what failed.

    Args:
        keep_alive: whether each keeps its connection and reconnects where it was closed meanwhile, as clients do.
    """
    results: list[str] = []
    errors: list[str] = []
    stop = threading.Event()

    def visit() -> None:
        while not stop.is_set():
            for error in _visit(site, 100 if keep_alive else 1, stop):
                results.append(error)
                errors.extend([error] if error else [])

    threads = [threading.Thread(target=visit) for _ in range(number)]
    for thread in threads:
        thread.start()
    try:
        yield errors
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert len(results) > 20 * number


def _visit(site: Site, requests: int, stop: threading.Event) -> Iterator[str]:
    """Send so many requests over one connection, as long as it stays open; yield what failed, empty where nothing."""
    connection = site.connect()
    for _ in range(requests):
        if stop.is_set():
            break
        yield _predict(connection)
        if connection.sock is None:
            break
    connection.close()


def _predict(connection: http.client.HTTPConnection) -> str:
    try:
        connection.request("POST", PATH, '{"how": "nothing", "seconds": 3}', {"Content-Type": "application/json"})
        response = connection.getresponse()
        body = response.read()
        return "" if b'"value":3.0' in body else f"{response.status} {body!r}"
    except (OSError, http.client.HTTPException) as error:
        return repr(error)
