"""Runs on the host, by its Python: starts each system, loads it with wrk, measures it, and stops all that it started.

Called with the unit and the server name of Puerto. Reads what to measure as JSON from standard input; writes one JSON
record per line.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from processes import command_lines, family, pss, stop

FOLDER = Path("/opt/bench")
PORT, NGINX_PORT, SOCKET = 8100, 8190, "/run/bench.sock"
CONNECTIONS = 16
BODIES = {"mlflow": "mlflow.json", "mlserver": "v2.json", "bentoml": "row.json"}
"""System → the file with its request's body; the others are sent the contract's example."""

START_SECONDS, WARM_SECONDS = 120, 1
SITE = Path("/etc/nginx/conf.d/bench.conf")
UNIT, SITE_NAME = sys.argv[1:]
"""Puerto's own."""

DROP_IN = Path(f"/run/systemd/system/{UNIT}.service.d/bench.conf")
THREADS = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}

NGINX = """
upstream bench_peer { server 127.0.0.1:%d; keepalive 16; }
server { listen 127.0.0.1:%d; access_log off;
  location / { proxy_pass http://%s; %s proxy_set_header Host $host; } }
"""
KEEPALIVE = "proxy_http_version 1.1; proxy_set_header Connection '';"

Started = tuple[Callable[[], Iterable[int]], str, str]
"""A running system: what returns its process ids, its URL (empty if it has none), its URL behind Nginx."""

Start = Callable[[str, int], AbstractContextManager[Started]]
"""Runs a system during a block: model, number of workers."""

Prepare = Callable[[Path, int, dict[str, str]], None]
"""Writes what a system needs to start: the model's folder, number of workers, environment."""


class MeasurementError(Exception):
    """A system that can't be measured."""


def main() -> None:
    """Measure what standard input asks for."""
    request = json.load(sys.stdin)
    wait_for_watch()
    processes_before, failures = command_lines(), []
    try:
        for name in request["systems"]:
            for model in request["models"] if name != "nginx-static" else request["models"][:1]:
                for workers in request["workers"]:
                    try:
                        measure(name, model, workers, request["seconds"])
                    except MeasurementError as error:
                        failures.append(f"{name}, {model}, {workers} workers: {error}")
    finally:
        SITE.unlink(missing_ok=True)
        run("systemctl", "reload", "nginx")
    started = {pid: command for pid, command in command_lines().items() if pid not in processes_before}
    if leftovers := {pid: command for pid, command in started.items() if "bench" in command}:
        failures.append(f"still running: {leftovers}")
    if failures:
        sys.exit("\n".join(failures))


def wait_for_watch() -> None:
    """Wait until the host no longer watches a new release: it would take a restart of the unit for a failure."""
    deadline = time.monotonic() + START_SECONDS
    watch = ["systemctl", "is-active", "--quiet", f"{UNIT}-watch.service"]
    while subprocess.run(watch, check=False).returncode == 0:
        if time.monotonic() > deadline:
            sys.exit(f"{UNIT}-watch.service: still active after {START_SECONDS} s; stop it, or wait")
        time.sleep(0.2)


def measure(name: str, model: str, workers: int, seconds: int) -> None:
    """Start a system, load it with and without Nginx, and print the figures."""
    print(f"{name}, {model}, {workers} workers …", file=sys.stderr, flush=True)
    start, method, path = SYSTEMS[name]
    path = path.format(model=model)
    file = FOLDER / "models" / model / BODIES.get(name, "example.json") if method == "POST" else None
    host = SITE_NAME if name.startswith(("puerto", "nginx")) else "bench"
    started = time.monotonic()
    with start(model, workers) as (pids, direct_url, nginx_url):
        for has_nginx, base_url in ((False, direct_url), (True, nginx_url)):
            if not base_url:
                continue
            url = base_url + path
            wait(url, method, host, file)
            start_s = time.monotonic() - started
            load(url, method, host, file, WARM_SECONDS)
            figures = load(url, method, host, file, seconds)
            record = {"system": name, "model": model, "nginx": has_nginx, "workers": workers}
            record |= latencies(figures) | {"pss_mib": round(pss(pids()), 1)}
            record["start_s"] = round(start_s, 2) if not has_nginx or not direct_url else None
            print(json.dumps(record), flush=True)


def load(url: str, method: str, host: str, file: Path | None, seconds: int) -> dict[str, int]:
    """Return wrk's figures: requests, microseconds, percentiles, errors."""
    options = ["-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "10s", "-s", str(FOLDER / "wrk.lua")]
    body = [str(file)] if file else []
    output = run("wrk", *options, url, "--", method, host, *body)
    return json.loads(output.splitlines()[-1])


def latencies(figures: dict[str, int]) -> dict[str, Any]:
    """Return what a record says about wrk's figures."""
    return {
        "requests_per_s": round(figures["requests"] / figures["us"] * 1e6, 1),
        "p50_ms": figures["p50"] / 1000,
        "p99_ms": figures["p99"] / 1000,
        "errors": figures["errors"],
    }


def wait(url: str, method: str, host: str, file: Path | None) -> None:
    """Wait for the first good response."""
    deadline = time.monotonic() + START_SECONDS
    headers = {"Host": host} | ({"Content-Type": "application/json"} if file else {})
    while True:
        try:
            request = urllib.request.Request(url, file.read_bytes() if file else None, headers, method=method)
            with urllib.request.urlopen(request, timeout=10) as response:
                response.read()
                return
        except OSError as error:
            if time.monotonic() > deadline:
                body = error.read().decode()[:500] if hasattr(error, "read") else ""
                raise MeasurementError(f"{url}: {error} {body}") from error
            time.sleep(0.05)


@contextmanager
def puerto(model: str, workers: int) -> Iterator[Started]:
    """The unit as it was provisioned, with another number of workers and a port beside its socket."""
    unit_text = run("systemctl", "cat", UNIT)
    command = re.search(r"^ExecStart=(.*)$", unit_text, re.M)[1]
    socket = re.search(r"^Environment=GUNICORN_BIND=(\S+)", unit_text, re.M)[1]
    options = f"--bind {socket} --bind 127.0.0.1:{PORT} --workers {workers}"
    DROP_IN.parent.mkdir(parents=True, exist_ok=True)
    network = "RestrictAddressFamilies=AF_INET\nIPAddressAllow=localhost\n"  # the unit itself has none
    exec_start = f"ExecStart=\nExecStart={command.replace(' wsgi:app', f' {options} wsgi:app')}\n"
    DROP_IN.write_text(f"[Service]\n{exec_start}{network}")
    try:
        run("systemctl", "daemon-reload")
        run("systemctl", "restart", UNIT)
        main_pid = int(run("systemctl", "show", UNIT, "-p", "MainPID", "--value"))
        yield lambda: family(main_pid), f"http://127.0.0.1:{PORT}", "http://127.0.0.1:80"
    finally:
        shutil.rmtree(DROP_IN.parent)
        run("systemctl", "daemon-reload")
        run("systemctl", "restart", UNIT)


@contextmanager
def nginx_alone(model: str, workers: int) -> Iterator[Started]:
    """Nothing is started: Nginx runs already."""
    yield list, "", "http://127.0.0.1:80"


def peer(command: str, prepare: Prepare | None = None, socket: bool = False, **environment: str) -> Start:
    """Return what starts a system: a command in its own virtual environment, its placeholders filled in."""

    @contextmanager
    def start(model: str, workers: int) -> Iterator[Started]:
        folder = FOLDER / "models" / model
        values = {"port": PORT, "workers": workers, "socket": SOCKET, "folder": folder, "model": model}
        venv, *arguments = (argument.format(**values) for argument in command.split())
        bench = {"BENCH_MODEL": str(folder), "BENCH_WORKERS": str(workers), "PYTHONPATH": str(FOLDER / "peers")}
        variables = os.environ | THREADS | bench | environment
        variables["PATH"] = f"{FOLDER / 'venvs' / venv / 'bin'}:{variables['PATH']}"
        if prepare:
            prepare(folder, workers, variables)
        upstream = f"unix:{SOCKET}" if socket else "bench_peer"
        SITE.write_text(NGINX % (PORT, NGINX_PORT, upstream, "" if socket else KEEPALIVE))
        run("systemctl", "reload", "nginx")
        with (FOLDER / "peer.log").open("w") as log:
            process = subprocess.Popen(
                arguments, cwd=folder, env=variables, stdout=log, stderr=log, start_new_session=True
            )
        try:
            yield lambda: family(process.pid), f"http://127.0.0.1:{PORT}", f"http://127.0.0.1:{NGINX_PORT}"
        finally:
            stop(process)

    return start


def save_mlflow(folder: Path, workers: int, environment: dict[str, str]) -> None:
    """Give MLflow the model in its own format."""
    shutil.rmtree(folder / "mlflow", ignore_errors=True)
    command = ["python", str(FOLDER / "peers" / "save_mlflow.py")]
    subprocess.run(command, env=environment, check=True, capture_output=True)


def configure_mlserver(folder: Path, workers: int, environment: dict[str, str]) -> None:
    """Write MLServer's settings."""
    ports = {"http_port": PORT, "grpc_port": PORT + 1, "metrics_port": PORT + 2}
    (folder / "settings.json").write_text(json.dumps({"parallel_workers": workers, "debug": False} | ports))
    parameters = {"uri": str(folder / "model.joblib")}
    model = {"name": folder.name, "implementation": "mlserver_sklearn.SKLearnModel", "parameters": parameters}
    (folder / "model-settings.json").write_text(json.dumps(model))


SYSTEMS = {
    "puerto": (puerto, "POST", "/api/v1/models/{model}/predictions"),
    "puerto-constant": (puerto, "GET", "/ping"),
    "nginx-static": (nginx_alone, "GET", "/static/icon.svg"),
    "practice": (peer("practice gunicorn -k sync -w {workers} -b 127.0.0.1:{port} -b unix:{socket} --umask 0"
                      " practice_app:app", socket=True), "POST", "/modelo"),
    "fastapi": (peer("fastapi uvicorn fastapi_app:app --host 127.0.0.1 --port {port} --workers {workers}"),
                "POST", "/predict"),
    "mlflow": (peer("mlflow mlflow models serve -m {folder}/mlflow --env-manager local -h 127.0.0.1 -p {port}"
                    " --workers {workers}", save_mlflow), "POST", "/invocations"),
    "bentoml": (peer("bentoml bentoml serve bentoml_app:Service --working-dir /opt/bench/peers --host 127.0.0.1"
                     " --port {port}", BENTOML_DO_NOT_TRACK="True"), "POST", "/predict"),
    "mlserver": (peer("mlserver mlserver start {folder}", configure_mlserver),
                 "POST", "/v2/models/{model}/infer"),
}  # fmt: skip
"""Name → what starts it, and the request that it is sent."""


def run(*command: str) -> str:
    """Run a program to its end and return its output; it must succeed."""
    process = subprocess.run(command, capture_output=True, text=True)
    if process.returncode:
        raise MeasurementError(f"{' '.join(command)}: {process.stdout}{process.stderr}")
    return process.stdout


if __name__ == "__main__":
    main()
