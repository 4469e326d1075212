"""Times the provisioning beside a bare shell script of the same installs, on identical fresh hosts, in one run.

``.venv/bin/python tests/bench/provision.py [--debian 12|13] [--rounds N]`` prints a Markdown table.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from deploy.base.console import Console
from deploy.base.paths import BUNDLES, KIT, PIPENV_LOCK, state, tool
from deploy.models.builder import build_all
from deploy.rehearsal import hosts as rehearsal
from deploy.release import archive
from tests.checkout import copied


def main() -> None:
    """Measure, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--debian", default="13", choices=("12", "13"))
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    build_all()
    console = Console("bench", sys.stderr)
    rounds = [measure(console, options.debian) for _ in range(options.rounds)]
    medians = {name: statistics.median(seconds[name] for seconds in rounds) for name in rounds[0]}
    print(f"Debian {options.debian}, {os.cpu_count()} cores, median of {options.rounds} rounds\n")
    print(table(medians))


def measure(console: Console, debian: str) -> dict[str, float]:
    """Return name → seconds of one round: two fresh hosts, one for Puerto, one for the script."""
    puerto_host, script_host = (fresh_host(console, name, debian) for name in ("bench-ours", "bench-bare"))
    inventory = state("bench", "hosts.yml")
    inventory.write_text(rehearsal.inventory([puerto_host]))
    command = [tool("ansible-playbook"), "-i", str(inventory), "ansible/site.yml"]
    try:
        return {
            "first": timed(lambda: provision(puerto_host, command)),
            "files": timed(lambda: copy_files(puerto_host, script_host)),
            "script": timed(lambda: run_script(script_host)),
            "second": timed(lambda: run(command)),
            "up": timed(lambda: run([sys.executable, "-m", "deploy", "up", str(inventory)])),
            **release_and_rollback(inventory),
            "ssh": timed(lambda: run(puerto_host.ssh("true"))),
        }
    finally:
        for host in (puerto_host, script_host):
            rehearsal.down(host.name)


def release_and_rollback(inventory: Path) -> dict[str, float]:
    """Return the seconds of a release of other code and of its rollback: for the operator, and on the host."""
    copy = copied(state("bench", "project"))
    shutil.copytree(BUNDLES, copy / "bundles")
    with (copy / "app" / "health.py").open("a") as file:
        file.write(f"# {time.time()}\n")
    deploy = [sys.executable, "-m", "deploy"]
    release = timed(lambda: run([*deploy, "release", str(inventory)], cwd=copy))
    rollback = timed(lambda: run([*deploy, "rollback", str(inventory)], cwd=copy))
    deploys = json.loads(run([*deploy, "status", "--json", str(inventory)], cwd=copy))["hosts"][0]["deploys"]
    steps = {deploy["what"]: deploy["seconds"] for deploy in deploys[:2]}
    return {
        "release": release,
        "rollback": rollback,
        "release_on_host": sum(steps["release"].values()),
        "switch_on_host": sum(steps["rollback"][step] for step in ("check", "start", "switch")),
    }


def table(seconds: dict[str, float]) -> str:
    """Return the Markdown table."""
    rows = [
        ("fresh host to serving, bare shell script", seconds["script"], ""),
        ("fresh host to serving, `ansible-playbook site.yml`", seconds["first"],
         f"{seconds['first'] / seconds['script']:.2f}x the script"),
        ("second run, `ansible-playbook site.yml`", seconds["second"], "changed=0"),
        ("second run, `deploy up` with its host tests", seconds["up"], "changed=0"),
        ("`deploy release` of other code", seconds["release"], f"{seconds['release_on_host']:.1f} s of it on the host"),
        ("`deploy rollback`", seconds["rollback"], f"{seconds['switch_on_host']:.2f} s on the host until the switch"),
        ("one SSH command, connection and all", seconds["ssh"], ""),
    ]  # fmt: skip
    lines = [f"| {name} | {value:.1f} s | {note} |" for name, value, note in rows]
    return "\n".join(["| | median | |", "|---|---|---|", *lines])


def fresh_host(console: Console, name: str, debian: str) -> rehearsal.Host:
    """Return a new host."""
    rehearsal.down(name)
    return rehearsal.up(console, name, debian)


def timed(work: Callable[[], object]) -> float:
    """Return the seconds that some work takes."""
    started = time.monotonic()
    work()
    return time.monotonic() - started


def run(command: list[str], **options: object) -> str:
    """Run a program to its end; it must succeed."""
    options = {"cwd": KIT, "text": not options.get("input")} | options
    process = subprocess.run(command, capture_output=True, **options)
    if process.returncode:
        sys.exit(f"{command}: {process.stdout}{process.stderr}")
    return process.stdout


def provision(host: rehearsal.Host, command: list[str], **options: object) -> None:
    """Run a command that provisions a host, then wait until the site answers under its name."""
    run(command, **options)
    request = urllib.request.Request(f"http://{host.address}/health", headers={"Host": "practica_flask"})
    deadline = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(request, timeout=5) as response:
                assert json.load(response)["status"] == "ok"
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def copy_files(source: rehearsal.Host, target: rehearsal.Host) -> None:
    """Copy the files that Puerto rendered to the script's host; that isn't part of the script's time."""
    files = {
        "/var/www/practica_flask/shared/.env": "env",
        "/etc/systemd/system/flask_app.service": "flask_app.service",
        "/etc/nginx/sites-available/practica_flask": "site",
        "/etc/nginx/conf.d/unknown_hosts.conf": "unknown_hosts.conf",
    }
    for path, name in files.items():
        run(target.ssh(f"cat > /tmp/{name}"), input=run(source.ssh(f"cat {path}")).encode())
    run(target.ssh("cat > /tmp/pipenv.txt"), input=PIPENV_LOCK.read_bytes())
    run(target.ssh("cat > /tmp/bare.sh"), input=(Path(__file__).parent / "bare.sh").read_bytes())


def run_script(host: rehearsal.Host) -> None:
    """Run the bare script."""
    _, release = archive.pack()
    provision(host, host.ssh(f"sh /tmp/bare.sh {release['content']}"), input=Path(release["path"]).read_bytes())


if __name__ == "__main__":
    main()
