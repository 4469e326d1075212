"""Two rehearsal hosts for all tests here: Debian 12, reached as a user with sudo, and Debian 13, as root."""

import os
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from deploy import rehearsal
from deploy.console import Console
from deploy.image import ADMIN
from deploy.project import ROOT, state, tool
from tests.inventory import rendered

USERS = {"12": ADMIN, "13": "root"}
NAMES = [f"test{debian}" for debian in USERS]


@dataclass(frozen=True)
class Play:
    """What ansible-playbook did."""

    status: int
    output: str

    @property
    def changed(self) -> dict[str, int]:
        """Host → tasks that changed something."""
        return {name: int(count) for name, count in re.findall(r"^(\S+)\s+: ok=\d+\s+changed=(\d+)", self.output, re.M)}


@dataclass(frozen=True)
class Hosts:
    """The hosts, and the inventory that names them."""

    by_name: dict[str, rehearsal.Host]
    inventory: Path

    @property
    def values(self) -> dict[str, dict[str, Any]]:
        """Host → option → value, as Ansible renders it."""
        return rendered(str(self.inventory))

    def play(self, *options: str, playbook: str = "ansible/site.yml", inventory: Path | None = None) -> Play:
        """Run ansible-playbook as an operator would."""
        command = [tool("ansible-playbook"), "-i", str(inventory or self.inventory), playbook, *options]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True,
                              env=os.environ | {"ANSIBLE_NOCOLOR": "1"})  # fmt: skip
        return Play(done.returncode, done.stdout + done.stderr)

    def verify(self, *options: str) -> subprocess.CompletedProcess[str]:
        """Run the host tests."""
        command = [tool("python"), "-m", "pytest", "tests/host", "-q", "--inventory", str(self.inventory), *options]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


@pytest.fixture(scope="session")
def fresh() -> Iterator[Hosts]:
    """Hosts as they come: nothing is installed on them."""
    console = Console("test")
    by_name = {}
    for debian, user in USERS.items():
        rehearsal.down(f"test{debian}")
        by_name[f"test{debian}"] = rehearsal.up(console, f"test{debian}", debian, user)
    inventory = state("test", "hosts.yml")
    inventory.write_text(rehearsal.inventory(list(by_name.values())))
    console.log.close()
    yield Hosts(by_name, inventory)
    if not os.environ.get("KEEP_TEST_HOSTS"):
        for name in by_name:
            rehearsal.down(name)


@pytest.fixture(scope="session")
def hosts(fresh: Hosts) -> Hosts:
    """Hosts that site.yml has provisioned."""
    play = fresh.play()
    assert play.status == 0, play.output
    return fresh


@pytest.fixture(params=NAMES)
def fresh_host(request: pytest.FixtureRequest, fresh: Hosts) -> rehearsal.Host:
    """One of the fresh hosts."""
    return fresh.by_name[request.param]


@pytest.fixture(params=NAMES)
def host(request: pytest.FixtureRequest, hosts: Hosts) -> rehearsal.Host:
    """One of the provisioned hosts."""
    return hosts.by_name[request.param]


@pytest.fixture(scope="session")
def on() -> Callable[..., str]:
    """Run a shell command on a host as root, and return what it prints."""

    def run(host: rehearsal.Host, command: str, check: bool = True) -> str:
        shell = "sh" if host.user == "root" else "sudo sh"
        done = subprocess.run(host.ssh(shell), input=command, capture_output=True, text=True)
        assert not check or done.returncode == 0, done.stderr
        return done.stdout

    return run
