"""The application under Gunicorn on this machine, for tests that need their own models rather than a host."""

import json
import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.base.paths import KIT, tool
from tests.ports import free_port

COMMAND = [tool("gunicorn"), "--config", "python:app.gunicorn_conf", "wsgi:app"]
START_SECONDS = 60


@dataclass(frozen=True)
class Served:
    """The running application; a call sends a request: method, path, JSON → JSON.

    Attributes:
        address: host:port.
        pid: of Gunicorn's main process.
    """

    address: str
    pid: int

    @property
    def workers(self) -> list[int]:
        """The workers' process ids."""
        return [int(pid) for pid in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]

    def __call__(self, method: str, path: str, body: Any = None) -> Any:
        return _send(f"http://{self.address}{path}", method, body)


@contextmanager
def served(bundles: Path, **settings: str) -> Iterator[Served]:
    """Serve bundles, with further settings as environment variables."""
    address = f"127.0.0.1:{free_port()}"
    defaults = {
        "APP_BUNDLES": str(bundles),
        "APP_DEFAULT_MODEL": "",
        "GUNICORN_BIND": address,
        "GUNICORN_WORKERS": "2",
        "OMP_NUM_THREADS": "1",
    }
    log = bundles.parent / "gunicorn.log"
    with log.open("w") as stream:
        process = subprocess.Popen(COMMAND, cwd=KIT, env=os.environ | defaults | settings, stderr=stream)
        try:
            _wait(address, process, log)
            yield Served(address, process.pid)
        finally:
            process.terminate()
            process.wait(30)


def _send(url: str, method: str, body: Any) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.load(response)
    except urllib.error.HTTPError as response:
        return json.load(response)


def _wait(address: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            urllib.request.urlopen(f"http://{address}/health", timeout=5).close()
            return
        except OSError:
            assert process.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
