"""The values of an inventory, as Ansible renders them: no test repeats one."""

import functools
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

VALUES = "hostvars[inventory_hostname]"


class InventoryError(Exception):
    """An inventory that Ansible can't read or render."""


@functools.cache
def rendered(inventory: str) -> dict[str, dict[str, Any]]:
    """Return host → option → value, by name (Ansible tells first whoever is ready first); makes no connection."""
    ansible = Path(sys.executable).parent / "ansible"
    command = [ansible, "all", "-i", inventory, "-o", "-m", "debug", "-a", f"var={VALUES}"]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"ANSIBLE_NOCOLOR": "1"})
    if done.returncode:
        raise InventoryError(f"{inventory}: Ansible can't read it: {done.stderr or done.stdout}")
    found = {}
    for line in done.stdout.splitlines():
        name, _, answer = line.partition(" | SUCCESS => ")
        found[name] = json.loads(answer)[VALUES]
        if bad := [key for key, value in found[name].items() if "<< error" in str(value)]:
            raise InventoryError(f"{inventory}: {name}: can't be rendered: {', '.join(bad)}")
    return dict(sorted(found.items()))
