"""The application under Gunicorn, as the unit starts it."""

import json
import os
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection

import pytest

from deploy.base.paths import KIT, tool

COMMAND = [tool("gunicorn"), "--config", "python:app.gunicorn_conf", "wsgi:app"]


class UnixConnection(HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.host)


@contextmanager
def running(**settings: str) -> Iterator[subprocess.Popen[str]]:
    """Stop it at the end, or a failed test would wait for it forever."""
    with start(**settings) as process:
        try:
            yield process
        finally:
            process.terminate()


def start(**settings: str) -> subprocess.Popen[str]:
    return subprocess.Popen(COMMAND, cwd=KIT, env=os.environ | settings, stderr=subprocess.PIPE, text=True)


def test_socket_is_for_owner_and_group_and_the_model_is_loaded_once(bundles, tmp_path):
    path = tmp_path / "app.sock"
    with running(GUNICORN_BIND=f"unix:{path}", GUNICORN_WORKERS="2", APP_BUNDLES=str(bundles)) as process:
        deadline = time.monotonic() + 30
        while not path.exists():
            assert process.poll() is None and time.monotonic() < deadline, process.stderr.read()
            time.sleep(0.05)
        connection = UnixConnection(str(path))
        connection.request("GET", "/health")
        answer = connection.getresponse()
        assert (answer.status, answer.headers["X-Release"]) == (200, "development")
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        connection.close()
        process.send_signal(signal.SIGTERM)
        said = process.stderr.read()
    assert process.returncode == 0
    assert said.count("Booting worker") == 2
    assert all(json.loads(line)["message"] for line in said.splitlines()), "every line is JSON"
    assert not path.exists()


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"GUNICORN_WORKERS": "x"}, "GUNICORN_WORKERS: input should be a valid integer"),
        ({"APP_BUNDLES": "/nowhere"}, "/nowhere: holds no bundle"),
    ],
)
def test_what_cannot_be_served_is_said_without_a_traceback(settings, sentence):
    process = start(GUNICORN_BIND="127.0.0.1:0", **settings)
    _, said = process.communicate(timeout=30)
    assert process.returncode != 0
    assert sentence in said
    assert "Traceback" not in said


ALONE = """
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
    """ONNX Runtime reports to its maker unless told, from a thread that makes a forked process hang at its end."""
    for name in ("exam", "titanic", "diabetes"):
        (tmp_path / "bundles" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "bundles" / name).symlink_to(bundles / name)
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path / "home"), "OPENBLAS_NUM_THREADS": "1",
                   "APP_BUNDLES": str(tmp_path / "bundles")}  # fmt: skip
    said = subprocess.run([tool("python"), "-c", ALONE], cwd=KIT, env=environment, capture_output=True, text=True,
                          timeout=60)  # fmt: skip
    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout.split() == ["onnxruntime", "1", "0"]
    assert not (tmp_path / "home").exists()
