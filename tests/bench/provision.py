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
    median = {name: statistics.median(each[name] for each in rounds) for name in rounds[0]}
    print(f"Debian {options.debian}, {os.cpu_count()} cores, median of {options.rounds} rounds\n")
    print(table(median))


def measure(console: Console, debian: str) -> dict[str, float]:
    """Return name → seconds of one round: two fresh hosts, one for Puerto, one for the script."""
    ours, bare = (fresh(console, name, debian) for name in ("bench-ours", "bench-bare"))
    inventory = state("bench", "hosts.yml")
    inventory.write_text(rehearsal.inventory([ours]))
    playbook = [tool("ansible-playbook"), "-i", str(inventory), "ansible/site.yml"]
    try:
        return {
            "first": timed(lambda: serve(ours, playbook)),
            "files": timed(lambda: give(ours, bare)),
            "script": timed(lambda: script(bare)),
            "second": timed(lambda: run(playbook)),
            "up": timed(lambda: run([sys.executable, "-m", "deploy", "up", str(inventory)])),
            **releases(inventory),
            "ssh": timed(lambda: run(ours.ssh("true"))),
        }
    finally:
        for host in (ours, bare):
            rehearsal.down(host.name)


def releases(inventory: Path) -> dict[str, float]:
    """Return the seconds of a release of other code and of the way back: those an operator waits, and those there."""
    copy = copied(state("bench", "project"))
    shutil.copytree(BUNDLES, copy / "bundles")
    with (copy / "app" / "health.py").open("a") as file:
        file.write(f"# {time.time()}\n")
    deploy = [sys.executable, "-m", "deploy"]
    release = timed(lambda: run([*deploy, "release", str(inventory)], cwd=copy))
    rollback = timed(lambda: run([*deploy, "rollback", str(inventory)], cwd=copy))
    told = json.loads(run([*deploy, "status", "--json", str(inventory)], cwd=copy))["hosts"][0]["deploys"]
    taken = {each["what"]: each["seconds"] for each in told[:2]}
    return {"release": release, "rollback": rollback, "release_there": sum(taken["release"].values()),
            "switch_there": sum(taken["rollback"][step] for step in ("check", "start", "switch"))}  # fmt: skip


def table(seconds: dict[str, float]) -> str:
    """Return the Markdown table."""
    rows = [
        ("fresh host to serving, bare shell script", seconds["script"], ""),
        ("fresh host to serving, `ansible-playbook site.yml`", seconds["first"],
         f"{seconds['first'] / seconds['script']:.2f}x the script"),
        ("second run, `ansible-playbook site.yml`", seconds["second"], "changed=0"),
        ("second run, `deploy up` with its host tests", seconds["up"], "changed=0"),
        ("`deploy release` of other code", seconds["release"], f"{seconds['release_there']:.1f} s of it on the host"),
        ("`deploy rollback`", seconds["rollback"], f"{seconds['switch_there']:.2f} s on the host until the switch"),
        ("one SSH command, connection and all", seconds["ssh"], ""),
    ]  # fmt: skip
    lines = [f"| {name} | {value:.1f} s | {note} |" for name, value, note in rows]
    return "\n".join(["| | median | |", "|---|---|---|", *lines])


def fresh(console: Console, name: str, debian: str) -> rehearsal.Host:
    """Return a new host."""
    rehearsal.down(name)
    return rehearsal.up(console, name, debian)


def timed(work: Callable[[], object]) -> float:
    """Return the seconds that something takes."""
    started = time.monotonic()
    work()
    return time.monotonic() - started


def run(command: list[str], **options: object) -> str:
    """Run a program to its end; it must succeed."""
    options = {"cwd": KIT, "text": not options.get("input")} | options
    done = subprocess.run(command, capture_output=True, **options)
    if done.returncode:
        sys.exit(f"{command}: {done.stdout}{done.stderr}")
    return done.stdout


def serve(host: rehearsal.Host, command: list[str], **options: object) -> None:
    """Run what provisions a host, then wait until the site answers by its name."""
    run(command, **options)
    request = urllib.request.Request(f"http://{host.address}/health", headers={"Host": "practica_flask"})
    deadline = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                assert json.load(answer)["status"] == "ok"
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def give(ours: rehearsal.Host, bare: rehearsal.Host) -> None:
    """Lay the rendered files of the one host ready on the other; not part of the script's time."""
    files = {"/var/www/practica_flask/shared/.env": "env", "/etc/systemd/system/flask_app.service": "flask_app.service",
             "/etc/nginx/sites-available/practica_flask": "site",
             "/etc/nginx/conf.d/unknown_hosts.conf": "unknown_hosts.conf"}  # fmt: skip
    for path, name in files.items():
        run(bare.ssh(f"cat > /tmp/{name}"), input=run(ours.ssh(f"cat {path}")).encode())
    run(bare.ssh("cat > /tmp/pipenv.txt"), input=PIPENV_LOCK.read_bytes())
    run(bare.ssh("cat > /tmp/bare.sh"), input=(Path(__file__).parent / "bare.sh").read_bytes())


def script(bare: rehearsal.Host) -> None:
    """Run the bare script."""
    _, packed = archive.pack()
    serve(bare, bare.ssh(f"sh /tmp/bare.sh {packed['content']}"), input=Path(packed["path"]).read_bytes())


if __name__ == "__main__":
    main()
