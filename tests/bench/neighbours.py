"""What a visitor meets beside those who keep a site busy, by its own limits: the second part of ``bench --hostile``."""

import argparse
import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app.contract import Contract
from app.model import load
from deploy.base.paths import KIT
from deploy.rehearsal import hosts as rehearsal
from tests.slow_clients import BEGINNINGS, SlowClients

SLOW = 500
"""Clients of each kind that send, or take, a byte now and then."""

CONNECTIONS, STREAMS = 50, 10
FLOODS = {"GET /": "/", "POST /modelo": "-d /tmp/row.json -H content-type:application/json /modelo"}
"""What h2load asks for without a pause, by that many connections with so many requests at once → its options."""

INSTALL = "command -v h2load >/dev/null || { apt-get -q update && apt-get -qy install nghttp2-client; }"
P99_MS = 100
"""The visitor's predictions stay under this many milliseconds."""

URL = "https://127.0.0.2/api/v1/models/{model}/predictions"
"""What the visitor asks, on the host, so that it comes from another address than they, and no cable slows it."""


def main(host: rehearsal.Host, copy: Path, values: dict[str, Any], options: argparse.Namespace) -> int:
    """Print a visitor's figures beside slow clients, and beside a flood; return the exit status."""
    visitor = Visitor(host, values, load(copy / "bundles" / options.model).contract)
    figures = {"nobody": visitor.probed(options.seconds)}
    for kind in BEGINNINGS:
        with SlowClients((host.address, 443), visitor.name, kind, SLOW, is_https=True):
            visitor.probed(1)  # what all of them have asked for at once comes first
            figures[f"{SLOW} slow clients ({kind})"] = visitor.probed(options.seconds)
    for what in FLOODS:
        with visitor.flood(what, options.seconds) as counts:
            figures[f"h2load ({what})"] = visitor.probed(options.seconds)
        figures[f"h2load ({what})"]["h2load"] = counts
    for beside, seen in figures.items():
        print(f"A visitor's predictions beside {beside}: {json.dumps(seen)}", flush=True)
    return int(any(seen["failed"] or seen["p99_ms"] > P99_MS for seen in figures.values()))


class Visitor:
    """Somebody who asks a host for one prediction after another.

    Args:
        host: it, which serves over HTTPS.
        values: of its inventory's options.
        contract: of the model that is asked.
    """

    def __init__(self, host: rehearsal.Host, values: dict[str, Any], contract: Contract) -> None:
        self.host, self.name = host, values["nginx_server_names"][0]
        self._row = json.dumps(contract.example).encode()
        self._url = URL.format(model=contract.name)
        self._on(INSTALL)
        self._write("/tmp/prober.py", (KIT / "tests" / "prober.py").read_bytes())
        self._write("/tmp/row.json", self._row)

    def probed(self, seconds: int) -> dict[str, Any]:
        """Ask for so long; return the figures of `tests.prober`."""
        command = self.host.ssh(f"python3 /tmp/prober.py {self._url} {self.name} {seconds}")
        output = subprocess.run(command, input=self._row, check=True, capture_output=True).stdout
        figures: dict[str, Any] = json.loads(output)
        return figures

    @contextmanager
    def flood(self, what: str, seconds: int) -> Iterator[list[str]]:
        """Load the host by h2load, over HTTP/2, meanwhile; at the end give the lines that it counts requests in.

        It runs on the host, with the lowest priority: those who flood have machines of their own.
        """
        connections = f"-c {CONNECTIONS} -m {STREAMS} -D {seconds + 2} --connect-to {self.host.address}:443"
        options, _, path = FLOODS[what].rpartition(" ")
        command = f"nice -n 19 h2load {connections} {options} https://{self.name}{path}"
        lines: list[str] = []
        with subprocess.Popen(self.host.ssh(command), stdout=subprocess.PIPE, text=True) as process:
            self.probed(1)
            yield lines
            output, _ = process.communicate()
        assert process.returncode == 0, f"h2load failed: {output}"
        lines += [line for line in output.splitlines() if line.startswith(("requests", "status"))]

    def _on(self, command: str) -> None:
        shell = [] if self.host.user == "root" else ["sudo"]
        subprocess.run(self.host.ssh(*shell, "sh", "-c", f"'{command}'"), check=True, capture_output=True)

    def _write(self, path: str, content: bytes) -> None:
        subprocess.run(self.host.ssh(f"cat > {path}"), input=content, check=True)
