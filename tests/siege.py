"""Sends a site every attack of `tests.attacks`, and measures what each costs it."""

import http.client
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import cycle
from pathlib import Path
from threading import Event, Lock, get_native_id
from typing import Any, Protocol

from app.contract import Contract
from app.tables.workbook_check import MOST_BYTES
from tests.attacks.attack import Attack, Target
from tests.attacks.headers import HEADERS
from tests.attacks.routes import BODIES, Route
from tests.csrf import token
from tests.prober import TlsConnection

MIB = 1 << 20
CPU_MS, CPU_MS_PER_MIB = 20, 20
UNPARSED_FACTOR, PARSED_FACTOR = 4, 32
"""A refused request may take this many times its own size in memory: if it wasn't parsed, and if it had to be."""

PARSED_LIMIT = 64 * MIB
OWN_BYTES = 4 * MIB
"""Memory that any request may take, whatever its size: threads, caches, what the allocator keeps."""

UNPACKED_FACTOR = 10
"""A zip that was parsed counts as what it holds, as ordinary workbooks do: up to this many times its own size, since
what is packed better must be found out before, and never as more than the application unpacks."""

UNPARSED = (404, 405, 406, 413, 414, 415, 431)
"""Statuses of requests that are refused before they are parsed."""

LINEAR = 3
"""An accepted request may cost this many times as much as one of half its size, noise included."""

TIMEOUT_SECONDS = 60
LOWEST_PRIORITY = 19
CROWD, P99_MS = 16, 250
"""This many attacks at once, beside which ordinary predictions stay under this many milliseconds."""


class Meter(Protocol):
    """What `tests.meter.Meter` does, here or on a host."""

    def begin(self) -> Any:
        """Start to measure."""

    def end(self) -> dict[str, Any]:
        """Return what was measured."""


@dataclass(frozen=True)
class Cell:
    """What an attack on a route cost.

    Attributes:
        status: of the response, 0 if the connection ended without one.
        sent: bytes of body, query and headers; of a zip that was parsed, those that it holds.
        cpu_ms: of the application's workers, and of Nginx's.
        memory: bytes above what the worker had before.
        whole: bytes of the largest worker.
        died: whether a worker died.
        half_ms: what an attack of half the size cost, if this one was accepted.
    """

    route: Route
    shape: str
    status: int
    sent: int
    cpu_ms: float
    memory: int
    whole: int
    died: bool
    half_ms: float | None = None

    @property
    def fault(self) -> str:
        """What is wrong with it; empty if nothing is."""
        if self.died:
            return "a worker died"
        if not 200 <= self.status < 500:
            return f"status {self.status}" if self.status else "no response"
        if self.status < 400:
            limit_ms = LINEAR * (self.half_ms or self.cpu_ms) + CPU_MS
            return "" if self.cpu_ms <= limit_ms else f"half costs {self.half_ms:.0f} ms: more than linear"
        limit_ms = CPU_MS + CPU_MS_PER_MIB * self.sent / MIB
        if self.cpu_ms > limit_ms:
            return f"more than {limit_ms:.0f} ms"
        unparsed, parsed = self.sent * UNPARSED_FACTOR, min(self.sent * PARSED_FACTOR, PARSED_LIMIT)
        limit = OWN_BYTES + (unparsed if self.status in UNPARSED else parsed)
        return "" if self.memory <= limit else f"more than {limit / MIB:.0f} MiB"


class Site:
    """A site that is attacked.

    Args:
        host, port: where it listens.
        name: its server name.
        is_https: whether it speaks TLS there; its certificate isn't looked at.
    """

    def __init__(self, host: str, port: int, name: str, is_https: bool = False) -> None:
        self.address, self.name = (host, port), name
        self.is_https = is_https
        self.token, self._cookie = "", ""

    def open_form(self, path: str) -> None:
        """Take the token that a page's forms carry, and the cookie that belongs to it: every visitor gets them."""
        response, page = self._request("GET", path, b"", {})
        self.token, self._cookie = token(page.decode()), (response.getheader("Set-Cookie") or "").partition(";")[0]

    def send(self, route: Route, attack: Attack) -> int:
        """Send an attack; return the response's status, or 0 if none came."""
        path = f"{route.path}?{attack.query}" if attack.query else route.path
        cookie = {"Cookie": self._cookie} if self._cookie and route.method == "POST" else {}
        try:
            return self._request(route.method, path, attack.body, cookie | dict(attack.headers))[0].status
        except (OSError, http.client.HTTPException):
            return 0

    def _request(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str]
    ) -> tuple[http.client.HTTPResponse, bytes]:
        connection = self._connection()
        if self.is_https:
            headers = {"Referer": f"https://{self.name}/"} | dict(headers)
        try:
            with suppress(BrokenPipeError, ConnectionResetError):  # refused unread: the response is already there
                connection.request(method, path, body or None, {"Host": self.name} | dict(headers))
            response = connection.getresponse()
            return response, response.read()
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        if self.is_https:
            return TlsConnection(*self.address, self.name, timeout=TIMEOUT_SECONDS)
        return http.client.HTTPConnection(*self.address, timeout=TIMEOUT_SECONDS)


def cells(site: Site, meter: Meter, routes: list[Route], target: Target, only: str = "") -> Iterator[Cell]:
    """Attack each route with each shape whose names match."""
    half = Target(target.contract, target.size // 2, target.token)
    for route in routes:
        for name in route.shapes:
            if re.search(only, f"{route.method} {route.path} {name}"):
                cell = measured(site, meter, route, name, target)
                if 200 <= cell.status < 400 and cell.cpu_ms > CPU_MS:
                    half_cell = measured(site, meter, route, name, half)
                    cell = replace(cell, half_ms=half_cell.cpu_ms)
                yield cell


def measured(site: Site, meter: Meter, route: Route, name: str, target: Target) -> Cell:
    """Attack a route once; return what it cost."""
    attack = route.shapes[name](target)
    meter.begin()
    status = site.send(route, attack)
    cost = meter.end()
    sent = len(attack.body) + len(attack.query) + sum(map(len, [*attack.headers, *attack.headers.values()]))
    return Cell(
        route,
        name,
        status,
        sent=sent if status in UNPARSED else max(sent, min(attack.unpacked, UNPACKED_FACTOR * sent, MOST_BYTES)),
        cpu_ms=cost["cpu_s"] * 1000,
        memory=cost["peak_kib"] * 1024,
        whole=cost["whole_kib"] * 1024,
        died=cost["died"],
    )


def crowd(site: Site, routes: list[Route], target: Target, seconds: float) -> dict[str, Any]:
    """Attack over `CROWD` connections at once, with all shapes of all routes in turn; return a prober's figures."""
    attacks = [
        (route, route.shapes[name]) for name in {**BODIES, **HEADERS} for route in routes if name in route.shapes
    ]
    endless_attacks, lock, over = cycle(attacks), Lock(), Event()

    def attack() -> None:
        os.setpriority(os.PRIO_PROCESS, get_native_id(), LOWEST_PRIORITY)  # attackers have machines of their own
        while not over.is_set():
            with lock:
                route, shape = next(endless_attacks)
            site.send(route, shape(target))

    with ThreadPoolExecutor(CROWD) as pool:
        for _ in range(CROWD):
            pool.submit(attack)
        try:
            return probed(site, target.contract, seconds)
        finally:
            over.set()


def probed(site: Site, contract: Contract, seconds: float) -> dict[str, Any]:
    """Return the figures of `tests.prober` about a model's predictions, one row each."""
    host, port = site.address
    url = f"{'https' if site.is_https else 'http'}://{host}:{port}/api/v1/models/{contract.name}/predictions"
    command = [sys.executable, str(Path(__file__).with_name("prober.py")), url, site.name, str(seconds)]
    row = json.dumps(contract.example).encode()
    figures: dict[str, Any] = json.loads(subprocess.run(command, input=row, check=True, capture_output=True).stdout)
    return figures


HEAD = """\
| route | shape | MiB sent | status | CPU ms | memory MiB | verdict |
|---|---|---:|---:|---:|---:|---|"""


def line(cell: Cell) -> str:
    """Return a cell as a line of a table below `HEAD`."""
    return (
        f"| {cell.route.method} {cell.route.path} | {cell.shape} | {cell.sent / MIB:.2f} | {cell.status} | "
        f"{cell.cpu_ms:.1f} | {cell.memory / MIB:.1f} | {f'RED: {cell.fault}' if cell.fault else 'good'} |"
    )
