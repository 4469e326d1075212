#!/usr/bin/python
"""Says what of a host can't work, without changing anything on it."""

import glob
import os
import sys
import time

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = """
module: preflight
short_description: Refuses a host that can't work
description:
  - Looks at release, rights, systemd, disk and memory, and says each fault in a sentence.
  - Its action plugin has checked the options before, on the controller.
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
    description: Where the disk space is needed; the nearest folder that exists counts.
    type: str
    required: true
  packages:
    description: Debian packages that will be needed; those the host lacks are returned.
    type: list
    elements: str
    required: true
author:
  - Puerto
"""

EXAMPLES = """
- name: Check the host
  preflight:
    disk_mib: 1500
    memory_mib: 400
    path: /var/www/practica_flask
    packages: [nginx, python3-venv]
"""

RETURN = """
packages:
  description: The packages that the host lacks.
  type: list
  returned: success
python:
  description: The host's Python, as in 3.13.
  type: str
  returned: success
package_lists:
  description: Whether apt has lists of packages; a host may be so new that it has none.
  type: bool
  returned: success
upgrade_due:
  description: Whether there may be updates that the last upgrade didn't see.
  type: bool
  returned: success
"""

LISTS_VALID_SECONDS = 3600
SUPPORTED = {"12": "bookworm", "13": "trixie"}


def main():
    module = AnsibleModule(
        argument_spec={
            "disk_mib": {"type": "int", "required": True},
            "memory_mib": {"type": "int", "required": True},
            "path": {"type": "str", "required": True},
            "packages": {"type": "list", "elements": "str", "required": True},
        },
        supports_check_mode=True,
    )
    faults = list(filter(None, (check(module.params) for check in (release, rights, systemd, disk, memory))))
    if faults:
        module.fail_json(msg=" ".join(faults), faults=faults)
    lists = bool(glob.glob("/var/lib/apt/lists/*_Packages*"))
    python = "%d.%d" % sys.version_info[:2]
    lacking = [name for name in module.params["packages"] if not is_installed(module, name)]
    module.exit_json(python=python, package_lists=lists, upgrade_due=upgrade_due(), packages=lacking)


def is_installed(module, package):
    status, out, _ = module.run_command(["dpkg-query", "--show", "--showformat=${db:Status-Status}", package])
    return status == 0 and out == "installed"


def upgrade_due():
    """Apt's own stamps: lists fetched more than an hour ago, or since the last upgrade."""
    fetched, upgraded = age("/var/lib/apt/lists"), age("/var/lib/apt/periodic/upgrade-stamp")
    return fetched > LISTS_VALID_SECONDS or upgraded > fetched


def age(path):
    return time.time() - os.path.getmtime(path) if os.path.exists(path) else float("inf")


def release(params):
    """Debian 12 and 13 have the Python versions that Pipfile.lock was made for."""
    with open("/etc/os-release") as file:
        pairs = dict(line.rstrip("\n").split("=", 1) for line in file if "=" in line)
    name, version = pairs.get("ID", "").strip('"'), pairs.get("VERSION_ID", "").strip('"')
    if name == "debian" and version in SUPPORTED:
        return None
    found = pairs.get("PRETTY_NAME", "an unknown system").strip('"')
    return "It runs %s; Puerto needs Debian 12 or 13." % found


def rights(params):
    if os.geteuid() == 0:
        return None
    return "This user is not root there; set ansible_become: true in the inventory to use sudo."


def systemd(params):
    if os.path.isdir("/run/systemd/system"):
        return None
    return "It was not booted by systemd, which has to run the application."


def disk(params):
    path = params["path"]
    while not os.path.isdir(path):
        path = os.path.dirname(path)
    usage = os.statvfs(path)
    free = usage.f_bavail * usage.f_frsize // 2**20
    if free >= params["disk_mib"] or os.path.exists(os.path.join(params["path"], "current")):
        return None
    return "%d MiB of disk are free in %s; %d are needed (preflight_disk_mib)." % (free, path, params["disk_mib"])


def memory(params):
    with open("/proc/meminfo") as file:
        kib = next(int(line.split()[1]) for line in file if line.startswith("MemTotal:"))
    if kib // 1024 >= params["memory_mib"]:
        return None
    return "It has %d MiB of memory; %d are needed (preflight_memory_mib)." % (kib // 1024, params["memory_mib"])


if __name__ == "__main__":
    main()
