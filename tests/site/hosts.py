"""Hosts, and what an operator does with all of them: runs a playbook, verifies."""

import os
import re
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from deploy.base.paths import KIT, tool
from deploy.rehearsal import hosts as rehearsal
from tests.inventory import rendered


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
    """Hosts, and the inventory that names them."""

    by_name: dict[str, rehearsal.Host]
    inventory: Path

    @cached_property
    def values(self) -> dict[str, dict[str, Any]]:
        """Host → option → value, as Ansible renders it."""
        return rendered(str(self.inventory))

    def play(self, *options: str, playbook: str = "ansible/site.yml", inventory: Path | None = None) -> Play:
        """Run ansible-playbook as an operator would."""
        command = [tool("ansible-playbook"), "-i", str(inventory or self.inventory), playbook, *options]
        done = subprocess.run(command, cwd=KIT, capture_output=True, text=True,
                              env=os.environ | {"ANSIBLE_NOCOLOR": "1"})  # fmt: skip
        return Play(done.returncode, done.stdout + done.stderr)

    def verify(self, *options: str) -> subprocess.CompletedProcess[str]:
        """Run the host tests."""
        command = [tool("python"), "-m", "pytest", "tests/host", "-q", "--inventory", str(self.inventory), *options]
        return subprocess.run(command, cwd=KIT, capture_output=True, text=True)
