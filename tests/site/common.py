"""What several tests here do: release, ask what runs, look at what the load saw."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from puerto import steps

from deploy.base.paths import state, tool
from deploy.base.toolchain import as_root
from tests.run import FULL, WORKER
from tests.site.hosts import Hosts

STEPS = steps.NAMES
RELEASE = "ansible/release.yml"
BOOTED = "systemctl show --property=UserspaceTimestampMonotonic"
"""Prints what each boot of a host has of its own."""


def scratch(name: str) -> Path:
    """Return the path of a file that no other process of the run writes."""
    return state("test", WORKER or "one", name)


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


def status(hosts: Hosts, project: Path) -> dict[str, dict[str, Any]]:
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
