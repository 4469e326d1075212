"""The deadline: no request is older than its timeout, whatever it hangs in, and no other request suffers."""

import http.client
import json
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.hanging import FOREVER, bundle
from tests.served import Served, served

PATH = "/api/v1/models/hanging/predictions"
TIMEOUT = 1
MARGIN = 4
"""Seconds within which a request must have ended after its timeout, on a busy machine."""

ENDS = 20
"""Seconds within which all must be as it was before."""

WORKERS, THREADS = 2, 4


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
        """Return the log's lines that hold a message."""
        records = [json.loads(line) for line in self._log.read_text()[self._before :].splitlines()]
        return [line for line in records if message in line["message"]]

    def wait_for(self, lines: int, message: str) -> list[dict[str, Any]]:
        """Wait for so many lines with a message, and return them."""
        deadline = time.monotonic() + ENDS
        while len(records := self.lines(message)) < lines:
            assert time.monotonic() < deadline, [line for line in self.lines() if line["message"] != "POST 200"]
            time.sleep(0.05)
        return records


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Served]]:
    folder = tmp_path_factory.mktemp("deadline")
    bundle(folder / "bundles")
    settings = {"APP_REQUEST_TIMEOUT": str(TIMEOUT), "GUNICORN_GRACEFUL_TIMEOUT": "5"}
    with served(folder / "bundles", **settings) as server:
        yield folder, server


@pytest.fixture
def site(running: tuple[Path, Served]) -> Site:
    return Site(*running)


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


@pytest.mark.parametrize("how", ["sleep", "python", "c"])
def test_request_that_hangs_is_answered_and_no_other_is_lost(site, how):
    with visitors(site, keep_alive=True) as errors:
        status, headers, body, seconds = site.hang(how, **{"Accept-Language": "en"})
        (replaced,) = site.wait_for(1, "is replaced")
        site.wait_for(1, "Booting worker")
    assert errors == []
    assert (status, headers["Content-Type"]) == (503, "application/problem+json"), body
    assert TIMEOUT <= seconds < TIMEOUT + MARGIN
    problem = json.loads(body)
    assert (problem["status"], problem["title"]) == (503, "Unavailable")
    assert problem["request_id"] == headers["X-Request-ID"]
    assert headers["Cache-Control"] == "no-store"
    (line,) = site.wait_for(1, "took longer than")
    assert (line["route"], line["model"], line["status"], line["method"]) == (PATH, "hanging", 503, "POST")
    assert TIMEOUT <= line["age_s"] < TIMEOUT + MARGIN
    assert line["request_id"] == problem["request_id"]
    assert "hanging.py" in line["traceback"], "where it hangs"
    assert replaced["level"] == "warning"


def test_request_that_holds_the_interpreter_ends_with_its_worker(site):
    """No thread of that worker can do anything; another worker serves the requests that come meanwhile."""
    with visitors(site, keep_alive=False) as errors:
        status, _, _, seconds = site.hang("gil")
        lines = site.wait_for(1, f"{PATH} ended with its worker")  # a connection that had sent nothing yet has no route
        site.wait_for(1, "Booting worker")
    line = max(lines, key=lambda line: line["age_s"])
    assert status is None
    assert TIMEOUT <= seconds < TIMEOUT + MARGIN
    assert (line["model"], line["method"]) == ("hanging", "POST")
    assert TIMEOUT <= line["age_s"] < TIMEOUT + MARGIN
    assert "hanging.py" in line["traceback"]
    assert len(errors) <= THREADS, errors  # those that this worker had accepted a moment before


@pytest.mark.parametrize("path", ["/modelo", "/invocations", "/models/hanging/invocations"])
def test_line_names_the_model_of_every_protocol(site, path):
    body = {"instances": [{"how": "sleep", "seconds": FOREVER}]} if "invo" in path else None
    connection = site.connect()
    connection.request(
        "POST", path, json.dumps(body or {"how": "sleep", "seconds": FOREVER}), {"Content-Type": "application/json"}
    )
    assert connection.getresponse().status == 503
    (line,) = site.wait_for(1, "took longer than")
    assert line["route"] == path.replace("hanging", "<name>")
    assert line["model"] == "hanging"


def test_site_comes_back_where_every_thread_of_every_worker_hangs(site):
    statuses: list[int] = []
    threads = [
        threading.Thread(target=lambda: statuses.append(site.hang("sleep")[0])) for _ in range(WORKERS * THREADS * 2)
    ]
    for thread in threads:
        thread.start()
    time.sleep(TIMEOUT / 2)
    started = time.monotonic()
    status = site.hang("nothing", 3)[0]
    assert status == 200, "it waits behind those that hang, and gets its response"
    assert time.monotonic() - started < TIMEOUT + MARGIN
    for thread in threads:
        thread.join()
    assert set(statuses) <= {503}, statuses
    site.wait_for(WORKERS, "Booting worker")
    assert site.hang("nothing", 3)[0] == 200


def test_client_that_sends_its_body_byte_by_byte_costs_no_worker(site):
    with site_socket(site) as client, visitors(site, keep_alive=True) as errors:
        started = time.monotonic()
        client.sendall(f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n".encode())
        response = drip(client, b"[")
        assert response.startswith(b"HTTP/1.1 503 "), response
        assert TIMEOUT <= time.monotonic() - started < TIMEOUT + MARGIN
    assert errors == []
    (line,) = site.wait_for(1, "took longer than")
    assert (line["route"], line["model"], line["status"]) == (PATH, "hanging", 503)
    assert site.lines("is replaced") == []


def test_client_that_sends_its_headers_byte_by_byte_costs_no_worker(site):
    with site_socket(site) as client:
        client.sendall(f"POST {PATH} HTTP/1.1\r\nHost: x\r\nX-Slow: ".encode())
        assert drip(client, b"x").startswith(b"HTTP/1.1 503 ")
    (line,) = site.wait_for(1, "took longer than")
    assert (line["route"], line["model"], line["status"]) == (None, None, 503)
    assert site.lines("is replaced") == []


def test_client_that_reads_nothing_is_cut_off_and_costs_no_worker(site):
    with site_socket(site) as client, visitors(site, keep_alive=True) as errors:
        with suppress(ConnectionError):
            while True:  # until responses of a mebibyte fill all buffers on their way, and it is cut off
                client.sendall(b"GET /swagger/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n\r\n" * 1000)
        (line,) = site.wait_for(1, "took longer than")
    assert errors == []
    assert (line["route"], line["status"]) == ("/swagger/<path:filename>", None), "its headers have gone out"
    assert site.lines("is replaced") == []


def test_idle_connection_is_left_alone(site):
    """Browsers open some before they need them."""
    with site_socket(site) as client:
        time.sleep(2 * TIMEOUT)
        client.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 200 ")
    assert site.lines("took longer than") == []


def test_person_gets_a_page(site):
    connection = site.connect()
    connection.request("GET", "/models/hanging", headers={"Accept": "text/html"})
    page = connection.getresponse()
    cookie, text = page.headers["Set-Cookie"].partition(";")[0], page.read().decode()
    token = text.partition('name="csrf_token" type="hidden" value="')[2].partition('"')[0]
    form = f"csrf_token={token}&how=sleep&seconds={FOREVER}"
    headers = {"Accept": "text/html", "Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", "/models/hanging", form, headers)
    response = connection.getresponse()
    assert (response.status, response.headers["Content-Type"]) == (503, "text/html; charset=utf-8")
    assert "<h1>" in response.read().decode()
    assert site.wait_for(1, "took longer than")[0]["route"] == "/models/<name>"


def test_requests_of_a_killed_worker_are_logged(site):
    thread = threading.Thread(target=site.hang, args=("sleep",))
    thread.start()
    time.sleep(TIMEOUT / 2)
    for worker in site.server.workers:
        os.kill(worker, signal.SIGKILL)
    (line,) = site.wait_for(1, "ended with its worker")
    assert (line["route"], line["model"]) == (PATH, "hanging")
    thread.join()


@contextmanager
def site_socket(site: Site) -> Iterator[socket.socket]:
    with socket.create_connection((site.host, site.port), 30) as client:
        yield client


def drip(client: socket.socket, byte: bytes, patience: float = TIMEOUT + MARGIN) -> bytes:
    """Send a byte at a time until something comes back; return that."""
    client.settimeout(0.05)
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        try:
            return client.recv(65536)
        except TimeoutError:
            client.sendall(byte)
    return b""
