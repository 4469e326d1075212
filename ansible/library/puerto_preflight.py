#!/usr/bin/python
"""Finds out why a host couldn't run the application, without changing anything on it."""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = """
module: puerto_preflight
short_description: Refuses a host that can't run the application
description:
  - Checks distribution, privileges, systemd, unit, disk space and memory, and reports each problem in a sentence.
  - The options have already been checked on the controller, by puerto_options.
options:
  disk_mib:
    description: Free disk space needed, in MiB.
    type: int
    required: true
  memory_mib:
    description: Memory needed, in MiB.
    type: int
    required: true
  path:
    description: Where the disk space is needed; it is measured in the nearest folder that exists.
    type: str
    required: true
  unit:
    description: The application's unit, without .service, which no other application may have.
    type: str
    required: true
  packages:
    description: Debian packages that will be needed; those that the host lacks are returned.
    type: list
    elements: str
    required: true
author:
  - Puerto
"""

EXAMPLES = """
- name: Check the host
  puerto_preflight:
    disk_mib: 2000
    memory_mib: 400
    path: /var/www/practica_flask
    unit: flask_app
    packages: [nginx, python3-venv]
"""

RETURN = """
packages:
  description: The packages that the host lacks.
  type: list
  returned: success
python:
  description: Version of the host's Python, e.g. 3.13.
  type: str
  returned: success
package_lists:
  description: Whether apt has package lists; a brand-new host may have none.
  type: bool
  returned: success
packages_interrupted:
  description: Whether an installation was interrupted, e.g. by a power cut.
  type: bool
  returned: success
upgrade_due:
  description: Whether there may be updates that came out after the last upgrade.
  type: bool
  returned: success
"""

LISTS_VALID_SECONDS = 3600
SUPPORTED = {"12", "13"}


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "disk_mib": {"type": "int", "required": True},
            "memory_mib": {"type": "int", "required": True},
            "path": {"type": "str", "required": True},
            "unit": {"type": "str", "required": True},
            "packages": {"type": "list", "elements": "str", "required": True},
        },
        supports_check_mode=True,
    )
    checks = (distribution_fault, privileges_fault, systemd_fault, unit_fault, disk_fault, memory_fault)
    faults = [fault for check in checks if (fault := check(module.params))]
    if faults:
        module.fail_json(msg=" ".join(faults), faults=faults)
    module.exit_json(
        python=f"{sys.version_info.major}.{sys.version_info.minor}",
        package_lists=any(Path("/var/lib/apt/lists").glob("*_Packages*")),
        packages=[name for name in module.params["packages"] if not is_installed(module, name)],
        packages_interrupted=packages_interrupted(module),
        upgrade_due=upgrade_due(module),
    )


def is_installed(module: AnsibleModule, package: str) -> bool:
    code, output, _ = module.run_command(["dpkg-query", "--show", "--showformat=${db:Status-Status}", package])
    return bool(code == 0 and output == "installed")


def packages_interrupted(module: AnsibleModule) -> bool:
    """Return whether apt would ask for "dpkg --configure -a", or dpkg itself calls a package half installed."""
    has_journal = any(entry.name.isdigit() for entry in Path("/var/lib/dpkg/updates").iterdir())
    return has_journal or bool(module.run_command(["dpkg", "--audit"])[1])


def upgrade_due(module: AnsibleModule) -> bool:
    """Return whether apt's lists are more than an hour old, or there are updates in them."""
    fetched = Path("/var/lib/apt/lists/partial")
    if not fetched.exists() or time.time() - fetched.stat().st_mtime > LISTS_VALID_SECONDS:
        return True
    return bool(module.run_command(["apt-get", "--simulate", "-qq", "dist-upgrade"])[1])


def distribution_fault(params: dict[str, Any]) -> str | None:
    """Debian 12 and 13 have the Python versions that Pipfile.lock was made for."""
    lines = Path("/etc/os-release").read_text().splitlines()
    fields = dict(line.split("=", 1) for line in lines if "=" in line)
    name, version = fields.get("ID", "").strip('"'), fields.get("VERSION_ID", "").strip('"')
    if name == "debian" and version in SUPPORTED:
        return None
    system = fields.get("PRETTY_NAME", "an unknown system").strip('"')
    return f"It runs {system}; Puerto needs Debian {' or '.join(sorted(SUPPORTED))}."


def privileges_fault(params: dict[str, Any]) -> str | None:
    if os.geteuid() == 0:
        return None
    return "This user is not root on the host; set ansible_become: true in the inventory to use sudo."


def systemd_fault(params: dict[str, Any]) -> str | None:
    if Path("/run/systemd/system").is_dir():
        return None
    return "It was not booted by systemd, which has to run the application."


def unit_fault(params: dict[str, Any]) -> str | None:
    """An application keeps its folder and its unit: its releases were made with both, and a rollback needs them."""
    if os.geteuid():
        return None
    name, root = params["unit"], params["path"]
    boot, plan = Path(f"/etc/systemd/system/{name}-boot.service"), Path(root, "current", "plan.json")
    lines = boot.read_text().splitlines() if boot.exists() else []
    others = {line.partition("=")[2] for line in lines if line.startswith("WorkingDirectory=")} - {f"{root}/current"}
    if others:
        return f"{name} is the unit of another application, in {others.pop()}: choose another name (systemd_unit)."
    current = json.loads(plan.read_text())["unit"] if plan.exists() else name
    if current == name:
        return None
    return f"The application in {root} has the unit {current}: keep systemd_unit, or use another folder (app_root)."


def disk_fault(params: dict[str, Any]) -> str | None:
    """The space is for the first run; a host that already has a release passes."""
    root = Path(params["path"])
    folder = next(path for path in (root, *root.parents) if path.is_dir())
    usage = os.statvfs(folder)
    free = usage.f_bavail * usage.f_frsize // 2**20
    if free >= params["disk_mib"] or (root / "current").exists():
        return None
    return f"{free} MiB of disk space are free in {folder}; {params['disk_mib']} are needed (preflight_disk_mib)."


def memory_fault(params: dict[str, Any]) -> str | None:
    lines = Path("/proc/meminfo").read_text().splitlines()
    mib = next(int(line.split()[1]) for line in lines if line.startswith("MemTotal:")) // 1024
    if mib >= params["memory_mib"]:
        return None
    return f"It has {mib} MiB of memory; {params['memory_mib']} are needed (preflight_memory_mib)."


if __name__ == "__main__":
    main()
