"""The application under Gunicorn, as the unit starts it."""

import json
import os
import re
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest

from deploy.base.paths import KIT, tool

COMMAND = [tool("gunicorn"), "--config", "python:app.gunicorn_conf", "wsgi:app"]


class UnixConnection(HTTPConnection):
    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.host)


@contextmanager
def running(**settings: str) -> Iterator[subprocess.Popen[str]]:
    """Stop Gunicorn at the end, or a failed test would wait for it forever."""
    with start(**settings) as process:
        try:
            yield process
        finally:
            process.terminate()


def start(**settings: str) -> subprocess.Popen[str]:
    return subprocess.Popen(COMMAND, cwd=KIT, env=os.environ | settings, stderr=subprocess.PIPE, text=True)


def wait_for(path: Path, process: "subprocess.Popen[str]") -> None:
    """Return when the socket is there."""
    deadline = time.monotonic() + 30
    while not path.exists():
        assert process.poll() is None and time.monotonic() < deadline, process.stderr.read()
        time.sleep(0.05)


def test_socket_is_for_owner_and_group_and_the_model_is_loaded_once(bundles, tmp_path):
    path = tmp_path / "app.sock"
    with running(GUNICORN_BIND=f"unix:{path}", GUNICORN_WORKERS="2", APP_BUNDLES=str(bundles)) as process:
        wait_for(path, process)
        connection = UnixConnection(str(path))
        connection.request("GET", "/health")
        response = connection.getresponse()
        assert (response.status, response.headers["X-Release"]) == (200, "development")
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        connection.close()
        process.send_signal(signal.SIGTERM)
        log = process.stderr.read()
    assert process.returncode == 0
    assert log.count("Booting worker") == 2
    assert all(json.loads(line)["message"] for line in log.splitlines()), "every line is JSON"
    assert not path.exists()


ROW = b'{"estudio": 6, "sueno": 8}'
REQUESTS = [
    ("POST /modelo", b"200", ROW),
    ("POST /api/v1/models/exam/predictions", b"200", ROW),
    ("POST /modelo", b"422", b"{}"),
    ("GET /health", b"200", b""),
    ("GET /nowhere", b"404", b""),
    ("HEAD /health", b"200", b""),
]
"""Request line, status of the response, body of the request."""


def test_response_comes_whole_or_not_at_all(bundles, tmp_path):
    """Headers and body in one piece: Nginx can repeat a request without any response, not one with half of it."""
    path = tmp_path / "app.sock"
    head = "Host: x\r\nContent-Type: application/json\r\n"
    with running(GUNICORN_BIND=f"unix:{path}", GUNICORN_WORKERS="1", APP_BUNDLES=str(bundles)) as process:
        wait_for(path, process)
        for line, status, body in REQUESTS:
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(path))
                for _ in range(3):  # on one connection
                    client.sendall(f"{line} HTTP/1.1\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
                    headers, _, content = client.recv(1 << 16).partition(b"\r\n\r\n")
                    assert headers.split()[1] == status, headers
                    length = int(re.search(rb"Content-Length: (\d+)", headers)[1])
                    assert len(content) == (0 if line.startswith("HEAD") else length), line


UNWANTED = {
    "/api/v1/models/exam/predictions": "application/json",
    "/v2/models/exam/infer": "application/json",
    "/invocations": "text/csv",
    "/modelo": "text/plain",
    "/models/exam": "application/x-www-form-urlencoded",
    "/models/exam/table": "multipart/form-data; boundary=x",
    "/nowhere": "application/json",
    "/health": "application/json",
}
"""Address → the type of a body that it refuses, for its size or its type, or because it takes none."""


@pytest.mark.parametrize("chunked", [False, True], ids=["with its length", "in chunks"])
def test_refused_body_is_read_to_its_end(bundles, tmp_path, chunked):
    """Nginx sends all of it, whatever comes back meanwhile."""
    path, most_bytes = tmp_path / "app.sock", 10_000 * 1024
    failures = {}
    with running(GUNICORN_BIND=f"unix:{path}", GUNICORN_WORKERS="1", APP_BUNDLES=str(bundles)) as process:
        wait_for(path, process)
        for number, (address, kind) in enumerate(UNWANTED.items()):
            connection = UnixConnection(str(path), timeout=30)
            body = iter([b"," * 65536] * (most_bytes // 65536)) if chunked else b"," * (most_bytes - number)
            try:
                connection.request("POST", address, body, {"Content-Type": kind}, encode_chunked=chunked)
                response = connection.getresponse()
                if not (400 <= response.status < 500 and response.read()):
                    failures[address] = response.status
            except OSError as error:
                failures[address] = repr(error)
            connection.close()
    assert failures == {}


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"GUNICORN_WORKERS": "x"}, "GUNICORN_WORKERS: input should be a valid integer"),
        ({"APP_BUNDLES": "/nowhere"}, "/nowhere: holds no bundle"),
    ],
)
def test_what_cannot_be_served_is_reported_without_a_traceback(settings, sentence):
    process = start(GUNICORN_BIND="127.0.0.1:0", **settings)
    _, stderr = process.communicate(timeout=30)
    assert process.returncode != 0
    assert sentence in stderr
    assert "Traceback" not in stderr


IMPORTS = """
import os, sys
import wsgi
print(*sorted({"joblib", "onnxruntime", "pandas", "scipy", "sklearn"} & set(sys.modules)))
print(len(os.listdir("/proc/self/task")))
sys.stdout.flush()
child = os.fork()
if child:
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_server_of_compiled_models_loads_no_scikit_learn_and_starts_no_thread(bundles, tmp_path):
    """ONNX Runtime sends telemetry by default, from a thread that makes a forked process hang when it exits."""
    for name in ("exam", "titanic", "diabetes"):
        (tmp_path / "bundles" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "bundles" / name).symlink_to(bundles / name)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path / "home"),
        "OPENBLAS_NUM_THREADS": "1",
        "APP_BUNDLES": str(tmp_path / "bundles"),
    }
    command = [tool("python"), "-c", IMPORTS]
    run = subprocess.run(command, cwd=KIT, env=environment, capture_output=True, text=True, timeout=60)
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.split() == ["onnxruntime", "1", "0"]
    assert not (tmp_path / "home").exists()
