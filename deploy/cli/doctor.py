"""What ``doctor`` checks, on this machine and on an environment's hosts."""

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
"""For root file systems, a host and .venv, with room for one more of each."""


@dataclass(frozen=True)
class Finding:
    """One thing checked: whether it is as it must be, what was observed, and what to do if it isn't."""

    good: bool
    observation: str
    advice: str = ""


def show_findings(console: Console, findings: Iterator[Finding]) -> int:
    """Print findings and return how many are faults."""
    faults = 0
    for finding in findings:
        console.say(f"  {'✓' if finding.good else '✗'} {finding.observation}")
        if not finding.good:
            faults += 1
            console.say(f"      {finding.advice}")
    return faults


def machine_findings(with_hosts: bool) -> Iterator[Finding]:
    """Check this machine.

    Args:
        with_hosts: whether it is to boot hosts.
    """
    yield Finding(toolchain.is_ready(), ".venv holds what Pipfile.lock says", "The next command builds it by itself.")
    yield from _programs(toolchain.TOOLS | toolchain.for_models())
    if not with_hosts:
        return
    yield from _programs(toolchain.REHEARSAL)
    free = shutil.disk_usage(KIT).free // 2**30
    yield Finding(free >= DISK_GIB, f"{free} GiB of disk space are free", f"Make room: {DISK_GIB} GiB are needed.")
    yield _root_finding()
    cgroups = "version 2" if podman_options.has_unified_cgroups() else "version 1, runc is used"
    yield Finding(True, f"cgroups: {cgroups}")


def host_findings(report: dict[str, Any]) -> Iterator[Finding]:
    """Check what a host reports about itself, and what its names resolve to from here."""
    yield from (Finding(finding["good"], finding["seen"], finding["advice"]) for finding in report["findings"])
    host_addresses = _addresses(report["address"])
    for name in report["server_names"]:
        addresses = _addresses(name)
        good = bool(host_addresses & addresses)
        advice = f"Its DNS record, or /etc/hosts on each visitor's machine, must say: {report['address']} {name}"
        yield Finding(good, f"{name} resolves to {', '.join(sorted(addresses)) or 'no address'}", advice)


def _addresses(name: str) -> set[str]:
    try:
        return {str(socket_address[0]) for *_, socket_address in socket.getaddrinfo(name, 80, type=socket.SOCK_STREAM)}
    except OSError:
        return set()


def _programs(programs: dict[str, str]) -> Iterator[Finding]:
    packages = toolchain.missing(programs)
    names = " ".join(packages)
    if packages:
        advice = f"On Debian, up installs what is missing; by hand: apt-get install --no-install-recommends {names}"
        yield Finding(False, f"missing: {names}", advice)
    else:
        yield Finding(True, f"programs: {' '.join(programs)}")


def _root_finding() -> Finding:
    try:
        command = toolchain.as_root(["true"])
    except DeployError as fault:
        return Finding(False, fault.reason, fault.advice)
    process = subprocess.run(command, capture_output=True, check=False)
    observation = f"root: {'through sudo' if command[0] == 'sudo' else 'this user'}"
    return Finding(process.returncode == 0, observation, "Allow sudo for this user.")
