"""What several tests here do: release, ask what runs, look at what the load saw."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from puerto import steps

from deploy.base.paths import KIT, state, tool
from deploy.base.toolchain import as_root
from tests.run import FULL, WORKER
from tests.site.hosts import Hosts

STEPS = steps.NAMES
RELEASE = "ansible/release.yml"
QUICK = ("-e", "packages_upgrade=none", "-e", "release_watch_seconds=0")
"""Options of runs in which neither is looked at."""

BOOTED = "systemctl show --property=UserspaceTimestampMonotonic"
"""Prints what each boot of a host has of its own."""


def scratch(name: str) -> Path:
    """Return the path of a file that no other process of the run writes."""
    return state("test", WORKER or "one", name)


def with_values(hosts: Hosts, name: str, values: dict[str, Any]) -> Hosts:
    """Return the same hosts, with an inventory that has further values for each."""
    inventory = json.loads(hosts.inventory.read_text())
    for options in inventory["all"]["hosts"].values():
        options |= values
    path = scratch(name)
    path.write_text(json.dumps(inventory))
    return Hosts(hosts.by_name, path)


def until(condition: str, unit: str) -> str:
    """Return shell commands that wait until a condition is true, and fail with what a unit logged if it never is."""
    waiting = shlex.quote(f"until {condition}; do sleep 0.1; done")
    return f"timeout 30 sh -c {waiting} || (journalctl --output=cat --lines=20 --unit={unit} >&2; false) || exit 1"


def listener(unit: str, port: int) -> str:
    """Return shell commands that start a program of somebody else's as a unit, and wait until it listens."""
    start = f"systemd-run --quiet --collect --unit={unit} /usr/bin/python3 -m http.server {port}"
    return f"{start}; {until(f'ss -Hltn sport = :{port} | grep -q .', unit)}"


def play(hosts: Hosts, project: Path, *options: str, playbook: str = RELEASE) -> subprocess.CompletedProcess[str]:
    """Run a playbook in the copy, for all hosts."""
    command = [tool("ansible-playbook"), "-i", str(hosts.inventory), playbook, *options]
    return subprocess.run(
        command, cwd=project, capture_output=True, text=True, env=os.environ | {"ANSIBLE_NOCOLOR": "1"}
    )


def deploy(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the operator's command in the copy."""
    return subprocess.run([sys.executable, "-m", "deploy", *arguments], cwd=project, capture_output=True, text=True)


def current(hosts: Hosts, on: Callable[..., str]) -> dict[str, str]:
    """Return host → the release that its link names."""
    return {name: on(host, f"readlink {hosts.values[name]['app_root']}/current").strip().rpartition("/")[2]
            for name, host in hosts.by_name.items()}  # fmt: skip


def status(hosts: Hosts, project: Path = KIT) -> dict[str, dict[str, Any]]:
    """Return host → what status tells."""
    run = deploy(project, "status", "--json", str(hosts.inventory))
    return {host["name"]: host for host in json.loads(run.stdout)["hosts"]}


def must_have_failed_none(visitors: dict[str, dict[str, int]], least: int = 1000 if FULL else 200) -> None:
    """Check what the load saw."""
    for name, counts in visitors.items():
        assert (counts["failed"], counts["broken"]) == (0, 0), (name, counts)
        assert counts["requests"] >= least, (name, counts)


def podman(*arguments: str) -> str:
    """Run podman as root and return what it prints."""
    return subprocess.run(as_root(["podman", *arguments]), check=True, capture_output=True, text=True).stdout
