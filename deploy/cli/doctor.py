"""What ``doctor`` looks at on this machine."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from deploy.base import toolchain
from deploy.base.console import Console
from deploy.base.errors import DeployError
from deploy.base.paths import KIT
from deploy.rehearsal import podman_options

DISK_GIB = 4
"""Root file systems, a host and .venv, with room for one more of each."""


@dataclass(frozen=True)
class Finding:
    """One thing looked at: whether it is as it must be, what was seen, and what to do where it isn't."""

    good: bool
    seen: str
    advice: str = ""


def show(console: Console, findings: Iterator[Finding]) -> int:
    """Print findings and return how many are faults."""
    faults = 0
    for finding in findings:
        console.say(f"  {'✓' if finding.good else '✗'} {finding.seen}")
        if not finding.good:
            faults += 1
            console.say(f"      {finding.advice}")
    return faults


def of_machine(with_hosts: bool) -> Iterator[Finding]:
    """Look at this machine.

    Args:
        with_hosts: whether hosts are to be booted on it.
    """
    yield Finding(toolchain.is_ready(), ".venv holds what Pipfile.lock says", "The next command makes it by itself.")
    yield from _programs(toolchain.TOOLS | toolchain.for_models())
    if not with_hosts:
        return
    yield from _programs(toolchain.REHEARSAL)
    free = shutil.disk_usage(KIT).free // 2**30
    yield Finding(free >= DISK_GIB, f"{free} GiB of disk are free", f"Make room: {DISK_GIB} GiB are needed.")
    yield _right_to_boot()
    cgroups = "version 2" if podman_options.has_unified_cgroups() else "version 1, runc is used"
    yield Finding(True, f"cgroups: {cgroups}")


def of_host(said: dict[str, Any]) -> Iterator[Finding]:
    """Look at what a host said of itself, and at where its names lead from here."""
    yield from (Finding(each["good"], each["seen"], each["advice"]) for each in said["findings"])
    here = _addresses(said["address"])
    for name in said["server_names"]:
        leads = _addresses(name)
        good = bool(here & leads)
        advice = f"Let its DNS record, or /etc/hosts on each visitor's machine, say: {said['address']} {name}"
        yield Finding(good, f"{name} leads to {', '.join(sorted(leads)) or 'no address'}", advice)


def _addresses(name: str) -> set[str]:
    try:
        return {str(found[4][0]) for found in socket.getaddrinfo(name, 80, type=socket.SOCK_STREAM)}
    except OSError:
        return set()


def _programs(programs: dict[str, str]) -> Iterator[Finding]:
    packages = toolchain.missing(programs)
    names = " ".join(packages)
    if packages:
        advice = f"up installs it on Debian; by hand: apt-get install --no-install-recommends {names}"
        yield Finding(False, f"missing: {names}", advice)
    else:
        yield Finding(True, f"programs: {' '.join(programs)}")


def _right_to_boot() -> Finding:
    try:
        command = toolchain.as_root(["true"])
    except DeployError as fault:
        return Finding(False, fault.reason, fault.advice)
    asked = subprocess.run(command, capture_output=True, check=False)
    return Finding(asked.returncode == 0, f"root by: {command[0] if command[0] == 'sudo' else 'being it'}",
                   "Allow sudo for this user.")  # fmt: skip
