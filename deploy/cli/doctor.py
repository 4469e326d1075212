"""What ``doctor`` checks, on this machine and on an environment's hosts."""

import platform
import shlex
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from deploy.base import ownership, toolchain, variables
from deploy.base.console import Console
from deploy.base.errors import DeployError
from deploy.base.paths import KIT
from deploy.cli.output import HTTP_PORT
from deploy.environments.connections import numeric
from deploy.rehearsal import podman_options

CONNECT_SECONDS = 5
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
            if finding.advice:
                console.say(f"      {finding.advice}")
    return faults


def machine_findings(with_hosts: bool) -> Iterator[Finding]:
    """Check this machine.

    Args:
        with_hosts: whether it is to boot hosts.
    """
    yield from _checkout_findings()
    yield Finding(toolchain.is_ready(), ".venv holds what Pipfile.lock says", "The next command builds it by itself.")
    yield from _programs(toolchain.TOOLS | toolchain.for_models())
    if not with_hosts:
        return
    if platform.system() != "Linux":
        yield Finding(False, "hosts on this machine need Linux", "Use a server: python3 -m deploy doctor <environment>")
        return
    yield from _programs(toolchain.REHEARSAL)
    free = shutil.disk_usage(KIT).free // 2**30
    yield Finding(free >= DISK_GIB, f"{free} GiB of disk space are free", f"Make room: {DISK_GIB} GiB are needed.")
    yield _root_finding()
    cgroups = "version 2" if podman_options.has_unified_cgroups() else "version 1, runc is used"
    yield Finding(True, f"cgroups: {cgroups}")


def host_findings(report: dict[str, Any]) -> Iterator[Finding]:
    """Check what a host reports about itself, and what its names resolve to from here."""
    yield from (Finding(False, fault) for fault in report["faults"])
    yield from (Finding(finding["good"], finding["seen"], finding["advice"]) for finding in report["findings"])
    yield from (_name_finding(name, report["address"], report.get("jump", "")) for name in report["server_names"])
    if not report.get("jump", ""):
        yield from _port_findings(report["address"])


def _port_findings(address: str) -> Iterator[Finding]:
    """Say where a firewall keeps this machine from the site's port; one where nothing listens yet refuses at once."""
    try:
        socket.create_connection((address, HTTP_PORT), timeout=CONNECT_SECONDS).close()
    except TimeoutError:
        observation = f"port {HTTP_PORT} of {address} doesn't answer this machine within {CONNECT_SECONDS} s"
        yield Finding(False, observation, "SSH does: let HTTP in too, in the host's firewall and its provider's.")
    except OSError:
        return


def _name_finding(name: str, address: str, jump: str) -> Finding:
    addresses = _addresses(name)
    observation = f"{name} resolves to {', '.join(sorted(addresses)) or 'no address'}"
    if addresses and jump and not addresses & _addresses(address):
        return Finding(True, f"{observation}; whether that is this host can't be told: SSH goes through {jump}")
    place = "the address by which visitors reach this host" if jump else numeric(address) or f"the address of {address}"
    advice = f"Its DNS record, or /etc/hosts on each visitor's machine, must say: {place} {name}"
    return Finding(bool(addresses & _addresses(address)), observation, advice)


def _checkout_findings() -> Iterator[Finding]:
    if ownership.is_open_to_all():
        advice = f"What your servers run comes from there: chmod -R o-w {shlex.quote(str(KIT))}"
        yield Finding(False, f"everybody on this machine may write to {KIT}", advice)
    if names := variables.ignored():
        yield Finding(True, f"not passed on to Ansible: {', '.join(names)}; set it in the inventory if it is needed")


def _addresses(name: str) -> set[str]:
    try:
        return {str(socket_address[0]) for *_, socket_address in socket.getaddrinfo(name, 80, type=socket.SOCK_STREAM)}
    except OSError:
        return set()


def _programs(programs: dict[str, str]) -> Iterator[Finding]:
    packages = toolchain.missing(programs)
    names = " ".join(packages)
    if packages:
        advice = f"up installs what is missing; by hand: apt-get install --no-install-recommends {names}"
        if not toolchain.has_apt():
            advice = f"{toolchain.OTHER_SYSTEM} Debian's packages are called: {names}"
        yield Finding(False, f"missing: {' '.join(toolchain.missing_programs(programs))}", advice)
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
