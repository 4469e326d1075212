"""Runs on the host, by its Python: starts each system, loads it with wrk, measures, and ends all that it started.

Called with the unit and the server name of Puerto. Reads what to measure as JSON on standard
input; writes one JSON record a line.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

FOLDER = Path("/opt/bench")
PORT, NGINX_PORT, SOCKET = 8100, 8190, "/run/bench.sock"
CONNECTIONS = 16
START_SECONDS, STOP_SECONDS, WARM_SECONDS = 120, 20, 1
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
KEPT = "proxy_http_version 1.1; proxy_set_header Connection '';"


class Failed(Exception):
    """A system that can't be measured."""


def main():
    """Measure what is asked for."""
    asked = json.load(sys.stdin)
    wait_for_watch()
    ran_before, failed = processes(), []
    try:
        for name in asked["systems"]:
            for model in asked["models"] if name != "nginx-static" else asked["models"][:1]:
                for workers in asked["workers"]:
                    try:
                        measure(name, model, workers, asked["seconds"])
                    except Failed as fault:
                        failed.append(f"{name}, {model}, {workers} workers: {fault}")
    finally:
        SITE.unlink(missing_ok=True)
        run("systemctl", "reload", "nginx")
    left = {pid: command for pid, command in processes().items() if pid not in ran_before and "bench" in command}
    if left:
        failed.append(f"still running: {left}")
    if failed:
        sys.exit("\n".join(failed))


def wait_for_watch():
    """Wait until a new release isn't watched any more: a restart of its unit would be taken for a fall."""
    deadline = time.monotonic() + START_SECONDS
    watch = ["systemctl", "is-active", "--quiet", f"{UNIT}-watch.service"]
    while subprocess.run(watch, check=False).returncode == 0:
        if time.monotonic() > deadline:
            sys.exit(f"{UNIT}-watch.service: still active after {START_SECONDS} s; stop it, or wait")
        time.sleep(0.2)


def measure(name, model, workers, seconds):
    """Start a system, load it with and without Nginx, and tell the figures."""
    print(f"{name}, {model}, {workers} workers …", file=sys.stderr, flush=True)
    body = FOLDER / "models" / model / "example.json"
    start, method, path = SYSTEMS[name]
    path = path.format(model=model)
    body = {"mlflow": "mlflow.json", "mlserver": "v2.json", "bentoml": "row.json"}.get(name, "example.json")
    file = FOLDER / "models" / model / body if method == "POST" else None
    host = SITE_NAME if name.startswith(("puerto", "nginx")) else "bench"
    began = time.monotonic()
    with start(model, workers) as (pids, direct, through):
        for has_nginx, base in ((False, direct), (True, through)):
            if not base:
                continue
            url = base + path
            wait(url, method, host, file)
            took = time.monotonic() - began
            load(url, method, host, file, WARM_SECONDS)
            found = load(url, method, host, file, seconds)
            record = {
                "system": name, "model": model, "nginx": has_nginx, "workers": workers,
                "requests_per_s": round(found["requests"] / found["us"] * 1e6, 1), "p50_ms": found["p50"] / 1000,
                "p99_ms": found["p99"] / 1000, "errors": found["errors"], "pss_mib": round(pss(pids()), 1),
                "start_s": round(took, 2) if not has_nginx or not direct else None,
            }  # fmt: skip
            print(json.dumps(record), flush=True)


def load(url, method, host, file, seconds):
    """Return what wrk found: requests, microseconds, percentiles, errors."""
    more = [str(file)] if file else []
    command = [
        "wrk",
        "-t1",
        f"-c{CONNECTIONS}",
        f"-d{seconds}s",
        "--timeout",
        "10s",
        "-s",
        str(FOLDER / "wrk.lua"),
        url,
    ]
    said = run(*command, "--", method, host, *more)
    return json.loads(said.splitlines()[-1])


def wait(url, method, host, file):
    """Wait for the first good answer."""
    deadline = time.monotonic() + START_SECONDS
    headers = {"Host": host} | ({"Content-Type": "application/json"} if file else {})
    while True:
        try:
            request = urllib.request.Request(url, file.read_bytes() if file else None, headers, method=method)
            with urllib.request.urlopen(request, timeout=10) as answer:
                answer.read()
                return
        except OSError as fault:
            if time.monotonic() > deadline:
                said = fault.read().decode()[:500] if hasattr(fault, "read") else ""
                raise Failed(f"{url}: {fault} {said}") from fault
            time.sleep(0.05)


@contextmanager
def puerto(model, workers):
    """The unit as it was provisioned, with another number of workers and a port beside its socket."""
    command = re.search(r"^ExecStart=(.*)$", run("systemctl", "cat", UNIT), re.M)[1]
    socket = re.search(r"^Environment=GUNICORN_BIND=(\S+)", run("systemctl", "cat", UNIT), re.M)[1]
    binds = f"--bind {socket} --bind 127.0.0.1:{PORT} --workers {workers}"
    DROP_IN.parent.mkdir(parents=True, exist_ok=True)
    opened = "RestrictAddressFamilies=AF_INET\nIPAddressAllow=localhost\n"  # the unit itself has no network
    started = f"ExecStart=\nExecStart={command.replace(' wsgi:app', f' {binds} wsgi:app')}\n"
    DROP_IN.write_text(f"[Service]\n{started}{opened}")
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
def nothing(model, workers):
    """Nginx alone."""
    yield list, "", "http://127.0.0.1:80"


def peer(command, prepare=None, socket=False, **environment):
    """Return what starts a system: a command in its own virtual environment, words in braces filled in."""

    @contextmanager
    def start(model, workers):
        folder = FOLDER / "models" / model
        words = {"port": PORT, "workers": workers, "socket": SOCKET, "folder": folder, "model": model}
        venv, *rest = (word.format(**words) for word in command.split())
        bench = {"BENCH_MODEL": str(folder), "BENCH_WORKERS": str(workers), "PYTHONPATH": str(FOLDER / "peers")}
        given = os.environ | THREADS | bench | environment
        given["PATH"] = f"{FOLDER / 'venvs' / venv / 'bin'}:{given['PATH']}"
        if prepare:
            prepare(folder, workers, given)
        upstream = f"unix:{SOCKET}" if socket else "bench_peer"
        SITE.write_text(NGINX % (PORT, NGINX_PORT, upstream, "" if socket else KEPT))
        run("systemctl", "reload", "nginx")
        with (FOLDER / "peer.log").open("w") as log:
            process = subprocess.Popen(rest, cwd=folder, env=given, stdout=log, stderr=log, start_new_session=True)
        try:
            yield lambda: family(process.pid), f"http://127.0.0.1:{PORT}", f"http://127.0.0.1:{NGINX_PORT}"
        finally:
            end(process)

    return start


def save_mlflow(folder, workers, environment):
    """Give MLflow the model in its own format."""
    shutil.rmtree(folder / "mlflow", ignore_errors=True)
    subprocess.run(
        ["python", str(FOLDER / "peers" / "save_mlflow.py")], env=environment, check=True, capture_output=True
    )


def configure_mlserver(folder, workers, environment):
    """Write MLServer's settings."""
    ports = {"http_port": PORT, "grpc_port": PORT + 1, "metrics_port": PORT + 2}
    (folder / "settings.json").write_text(json.dumps({"parallel_workers": workers, "debug": False} | ports))
    model = {"name": folder.name, "implementation": "mlserver_sklearn.SKLearnModel",
             "parameters": {"uri": str(folder / "model.joblib")}}  # fmt: skip
    (folder / "model-settings.json").write_text(json.dumps(model))


SYSTEMS = {
    "puerto": (puerto, "POST", "/api/v1/models/{model}/predictions"),
    "puerto-constant": (puerto, "GET", "/ping"),
    "nginx-static": (nothing, "GET", "/static/icon.svg"),
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
"""Name → what starts it, and the request that it is asked."""


def end(process):
    """End a system, all its processes."""
    started = set(family(process.pid))
    for kind in (signal.SIGTERM, signal.SIGKILL):
        for pid in started & set(stats()):
            try:
                os.kill(pid, kind)
            except ProcessLookupError:
                continue
        deadline = time.monotonic() + STOP_SECONDS
        while started & set(stats()) and time.monotonic() < deadline:
            process.poll()
            time.sleep(0.05)
    process.wait()


def stats():
    """Return process → (parent, session)."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] != "Z":
            found[int(folder.name)] = int(fields[1]), int(fields[3])
    return found


def family(root):
    """Return a process, its session's, and all that descend from them, in sessions of their own too."""
    found, known = stats(), {root}
    while more := {pid for pid, (parent, of) in found.items() if parent in known or of == root} - known:
        known |= more
    return [pid for pid in known if pid in found]


def processes():
    """Return process → command line."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            found[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
    return found


def pss(pids):
    """Return the memory of processes, what they share counted once, in MiB."""
    total = 0
    for pid in pids:
        try:
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        total += int(re.search(r"^Pss:\s+(\d+)", rollup, re.M)[1])
    return total / 1024


def run(*command):
    """Run a program to its end and return what it prints; it must succeed."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise Failed(f"{' '.join(command)}: {done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    main()
