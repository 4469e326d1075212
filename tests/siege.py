"""Sends a site all that `tests.hostile` knows, and tells what each cost it."""

import http.client
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from threading import Event, Lock, get_native_id
from typing import Any, Protocol

from app.contract import Contract
from tests.hostile import BODIES, HEADERS, Attack, Route, Target

MIB = 1 << 20
CPU_MS, CPU_MS_PER_MIB = 20, 20
UNREAD, READ = 4, 32
"""How many times a refused body's bytes of memory it may take, where it wasn't parsed, and where it had to be."""

READ_MOST = 64 * MIB
OWN_BYTES = 4 * MIB
"""Memory that any request may take, of whatever size: threads, caches, what the allocator keeps."""

UNPARSED = (404, 405, 406, 413, 414, 415, 431)
"""Statuses of what is refused before it is parsed."""

LINEAR = 3
"""What is accepted may cost so many times more where it is twice as much, noise included."""

SECONDS = 60
LAST = 19
CROWD, P99_MS = 16, 250
"""So many attacks at once, and ordinary predictions stay under so many milliseconds."""


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
        status: that was answered, 0 where the connection ended.
        sent: bytes of body, query and headers.
        cpu_ms: of the application's workers, and of Nginx's.
        memory: bytes above what the worker had before.
        whole: bytes of the largest worker.
        died: whether a worker did.
        half_ms: what half of it cost, where it was accepted.
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
        """What is wrong with it; nothing where all is well."""
        if self.died or not 200 <= self.status < 500:
            return "it fell" if self.died or not self.status else f"answered {self.status}"
        if self.status < 400:
            most_ms = LINEAR * (self.half_ms or self.cpu_ms) + CPU_MS
            return "" if self.cpu_ms <= most_ms else f"half costs {self.half_ms:.0f} ms: more than linear"
        most_ms = CPU_MS + CPU_MS_PER_MIB * self.sent / MIB
        unread = self.status in UNPARSED
        most = self.sent * UNREAD if unread else min(self.sent * READ, READ_MOST)
        if self.cpu_ms > most_ms:
            return f"more than {most_ms:.0f} ms"
        return "" if self.memory <= most + OWN_BYTES else f"more than {(most + OWN_BYTES) / MIB:.0f} MiB"


class Site:
    """A site that is asked.

    Args:
        host, port: where it listens.
        name: that it has.
    """

    def __init__(self, host: str, port: int, name: str) -> None:
        self.place, self.name = (host, port), name
        self.token, self._cookie = "", ""

    def open_form(self, path: str) -> None:
        """Take the token that a page's forms carry, and the cookie that belongs to it: whoever looks has them."""
        answer, page = self._asked("GET", path, b"", {})
        found = re.search(r'name="csrf_token" type="hidden" value="([^"]+)"', page.decode())
        assert found, page
        self.token, self._cookie = found[1], (answer.getheader("Set-Cookie") or "").partition(";")[0]

    def ask(self, route: Route, attack: Attack) -> int:
        """Send an attack; return the answer's status, or 0 where none came."""
        path = f"{route.path}?{attack.query}" if attack.query else route.path
        cookie = {"Cookie": self._cookie} if self._cookie and route.method == "POST" else {}
        try:
            return self._asked(route.method, path, attack.body, cookie | dict(attack.headers))[0].status
        except (OSError, http.client.HTTPException):
            return 0

    def _asked(self, method: str, path: str, body: bytes,
               headers: Mapping[str, str]) -> tuple[http.client.HTTPResponse, bytes]:  # fmt: skip
        connection = http.client.HTTPConnection(*self.place, timeout=SECONDS)
        try:
            with suppress(BrokenPipeError, ConnectionResetError):  # refused unread: the answer is there already
                connection.request(method, path, body or None, {"Host": self.name} | dict(headers))
            answer = connection.getresponse()
            return answer, answer.read()
        finally:
            connection.close()


def cells(site: Site, meter: Meter, routes: list[Route], target: Target, only: str = "") -> Iterator[Cell]:
    """Attack each route with each shape whose names match."""
    half = Target(target.contract, target.size // 2, target.token)
    for route in routes:
        for name in route.shapes:
            if re.search(only, f"{route.method} {route.path} {name}"):
                cell = measured(site, meter, route, name, target)
                if 200 <= cell.status < 400 and cell.cpu_ms > CPU_MS:
                    again = measured(site, meter, route, name, half)
                    cell = Cell(**vars(cell) | {"half_ms": again.cpu_ms})
                yield cell


def measured(site: Site, meter: Meter, route: Route, name: str, target: Target) -> Cell:
    """Attack a route once; return what it cost."""
    attack = route.shapes[name](target)
    meter.begin()
    status = site.ask(route, attack)
    seen = meter.end()
    sent = len(attack.body) + len(attack.query) + sum(len(key) + len(value) for key, value in attack.headers.items())
    return Cell(route, name, status, sent, seen["cpu_s"] * 1000, seen["peak_kib"] * 1024,
                seen["whole_kib"] * 1024, seen["died"])  # fmt: skip


def crowd(site: Site, routes: list[Route], target: Target, seconds: float) -> dict[str, Any]:
    """Attack with `CROWD` connections at once, all shapes of all routes in turn; return what a prober saw beside it."""
    attacks = [
        (route, route.shapes[name]) for name in {**BODIES, **HEADERS} for route in routes if name in route.shapes
    ]
    turns, over = cycle(attacks), Event()
    turn = Lock()

    def attack() -> None:
        os.setpriority(os.PRIO_PROCESS, get_native_id(), LAST)  # attackers have machines of their own
        while not over.is_set():
            with turn:
                route, shape = next(turns)
            site.ask(route, shape(target))

    with ThreadPoolExecutor(CROWD) as pool:
        for _ in range(CROWD):
            pool.submit(attack)
        try:
            return probed(site, target.contract, seconds)
        finally:
            over.set()


def probed(site: Site, contract: Contract, seconds: float) -> dict[str, Any]:
    """Return what `tests.prober` says of a model's predictions, one row each."""
    url = f"http://{site.place[0]}:{site.place[1]}/api/v1/models/{contract.name}/predictions"
    command = [sys.executable, str(Path(__file__).with_name("prober.py")), url, site.name, str(seconds)]
    row = json.dumps(contract.example).encode()
    found: dict[str, Any] = json.loads(subprocess.run(command, input=row, check=True, capture_output=True).stdout)
    return found


HEAD = """\
| route | shape | MiB sent | status | CPU ms | memory MiB | verdict |
|---|---|---:|---:|---:|---:|---|"""


def line(cell: Cell) -> str:
    """Return a cell as a line of a table below `HEAD`."""
    return (
        f"| {cell.route.method} {cell.route.path} | {cell.shape} | {cell.sent / MIB:.2f} | {cell.status} | "
        f"{cell.cpu_ms:.1f} | {cell.memory / MIB:.1f} | {f'RED: {cell.fault}' if cell.fault else 'good'} |"
    )
