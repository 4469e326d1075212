"""The values of an inventory, as Ansible renders them: no test repeats one."""

import functools
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from deploy.base import variables

VALUES = "hostvars[inventory_hostname]"


class InventoryError(Exception):
    """An inventory that Ansible can't read or render."""


def rendered(inventory: str) -> dict[str, dict[str, Any]]:
    """Return host → option → value, sorted by host (Ansible prints them as they finish); makes no connection."""
    path = Path(inventory)
    files = [path, *path.parent.glob("*_vars/*"), *path.rglob("*")]
    return _rendered(inventory, tuple(file.stat().st_mtime_ns for file in files if file.exists()))


@functools.cache
def _rendered(inventory: str, written_at: tuple[int, ...]) -> dict[str, dict[str, Any]]:
    ansible = Path(sys.executable).parent / "ansible"
    command = [ansible, "all", "-i", inventory, "-o", "-m", "debug", "-a", f"var={VALUES}"]
    process = subprocess.run(command, capture_output=True, text=True, env=variables.for_ansible())
    if process.returncode:
        raise InventoryError(f"{inventory}: Ansible can't read it: {process.stderr or process.stdout}")
    hosts = {}
    for line in process.stdout.splitlines():
        name, _, result = line.partition(" | SUCCESS => ")
        hosts[name] = json.loads(result)[VALUES]
        if faulty := [option for option, value in hosts[name].items() if "<< error" in str(value)]:
            raise InventoryError(f"{inventory}: {name}: can't be rendered: {', '.join(faulty)}")
    return dict(sorted(hosts.items()))
