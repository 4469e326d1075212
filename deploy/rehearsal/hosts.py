"""Rehearsal hosts: podman containers that boot Debian with systemd and an SSH server, like a fresh server."""

import hashlib
import ipaddress
import json
import shlex
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from deploy.base.console import Console
from deploy.base.errors import DeployError
from deploy.base.paths import CHECKOUT, SITE, state
from deploy.base.toolchain import REHEARSAL, as_root, require
from deploy.rehearsal import image, podman_options, trust

AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
"""Where Debian keeps the certificate authorities that a host trusts."""

BOOT_SECONDS = 120
LABEL = "puerto.checkout"


@dataclass(frozen=True)
class Host:
    """A rehearsal host.

    Attributes:
        name: its name in the inventory and its host name; one checkout has one host of a name.
        debian: the release, "12" or "13".
        address: IPv4 address, reachable from this machine; the same after a reboot.
        user: whom SSH logs in as: root, or `image.ADMIN`, who has sudo.
        memory: that it may take, as podman writes it, e.g. 600m; empty: as much as there is.
    """

    name: str
    debian: str
    address: str
    user: str = "root"
    memory: str = ""

    @property
    def container(self) -> str:
        """Its name in podman, which no other checkout uses."""
        return f"puerto-{CHECKOUT}-{self.name}"

    def ssh(self, *command: str) -> list[str]:
        """Return the command line that runs a command there."""
        options = [_known_hosts_option(self.name), "StrictHostKeyChecking=yes", "BatchMode=yes",
                   "ConnectTimeout=5"]  # fmt: skip
        flags = [flag for option in options for flag in ("-o", option)]
        return ["ssh", "-i", str(key()), *flags, f"{self.user}@{self.address}", *command]


def up(console: Console, name: str, debian: str | None = None, user: str = "root", memory: str = "") -> Host:
    """Return the running host of that name, booted or made anew where needed.

    Args:
        debian: the release; where none is named, that of the existing host, else 13.
        memory: of a new host; one that exists keeps its own.

    Raises:
        DeployError: this machine can't run it.
    """
    require(console, REHEARSAL)
    existing = find(name)
    if existing and debian and existing.debian != debian:
        with console.step(f"Remove {name}, which runs Debian {existing.debian}"):
            down(name)
        existing = None
    if existing and _state(existing) == "running":
        return existing
    if existing:
        return _start_again(console, existing)
    return _create(console, Host(name, debian or max(image.SUITES), "", user, memory))


def find(name: str) -> Host | None:
    """Return the host of that name of this checkout, running or not."""
    return next((host for host in hosts() if host.name == name), None)


def hosts() -> list[Host]:
    """Return every host of this checkout, running or not."""
    listing = _podman("ps", "--all", "--filter", f"label={LABEL}={SITE}", "--format", "json")
    labels = [container["Labels"] for container in json.loads(listing or "[]") or []]
    fields = ("name", "debian", "address", "user", "memory")
    return [Host(*(label.get(f"puerto.{field}", "") for field in fields)) for label in labels]


def down(name: str) -> bool:
    """Remove the host of that name and say whether there was one."""
    host = find(name)
    if host:
        with suppress(DeployError):  # one that died behind podman's back is only removed once it was stopped
            _podman("stop", "--time", "0", host.container)
        _podman("rm", "--force", "--time", "0", "--volumes", host.container)
    known_hosts(name).unlink(missing_ok=True)
    return host is not None


def key() -> Path:
    """Return the private key that opens this checkout's hosts, made at the first call; never the user's own."""
    path = state("id_ed25519")
    if not path.exists():
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", f"puerto {CHECKOUT}", "-f", str(path)]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return path


def known_hosts(name: str) -> Path:
    """Return the file with the host key of that host."""
    return state("known_hosts", name)


def inventory(hosts: Sequence[Host]) -> str:
    """Return an inventory (YAML, which JSON is part of) of those hosts."""
    entries = {
        host.name: {
            "ansible_host": host.address,
            "ansible_user": host.user,
            "ansible_ssh_private_key_file": str(key()),
            "ansible_ssh_common_args": f"-o {shlex.quote(_known_hosts_option(host.name))}",
        }
        for host in hosts
    }
    return json.dumps({"all": {"hosts": entries}}, indent=2) + "\n"


def _known_hosts_option(name: str) -> str:
    """ssh splits the value at spaces, which a checkout's path may have."""
    return f'UserKnownHostsFile="{known_hosts(name)}"'


def _create(console: Console, wanted: Host) -> Host:
    made_of = image.ensure(console, wanted.debian)
    with console.step(f"Boot {wanted.name}, a Debian {wanted.debian} host"):
        host = _run_somewhere(wanted, made_of)
        _introduce(host)
        _wait_for_ssh(host)
    return host


def _start_again(console: Console, host: Host) -> Host:
    """Start a host whose container stopped, as all do when the machine restarts; else make it anew.

    podman can't start one whose processes were killed behind its back: it goes on calling it running.
    """
    try:
        with console.step(f"Boot {host.name}, the Debian {host.debian} host of before"):
            _podman("start", host.container)
            _introduce(host)
            _wait_for_ssh(host)
    except DeployError as fault:
        console.say(f"    it can't be started ({fault.reason}): a new one takes its place")
        down(host.name)
        return _create(console, host)
    return host


def _run_somewhere(host: Host, made_of: str) -> Host:
    """Run the container with the first address and runtime that work."""
    reason = DeployError("podman: no address is free")
    for address in _addresses(host.container):
        for runtime in _runtimes():
            placed = replace(host, address=address)
            try:
                _podman(*_run_options(placed, runtime), made_of, "/sbin/init")
                return placed
            except DeployError as fault:
                reason = fault
                _podman("rm", "--force", "--ignore", "--time", "0", placed.container)
        if "already" not in reason.reason and "in use" not in reason.reason:
            break
    raise reason


def _run_options(host: Host, runtime: list[str]) -> list[str]:
    labels = {LABEL: str(SITE), "puerto.name": host.name, "puerto.debian": host.debian,
              "puerto.address": host.address, "puerto.user": host.user, "puerto.memory": host.memory}  # fmt: skip
    memory = ["--memory", host.memory, "--memory-swap", host.memory] if host.memory else []  # both: no swap beside it
    return [
        *runtime, "run", "--detach", "--name", host.container, "--hostname", host.name,
        "--ip", host.address, "--mac-address", _mac(host.address),
        "--systemd=always", "--restart=always",  # a container that reboots has ended: podman starts it again
        "--cap-add", "SYS_ADMIN,NET_ADMIN,SYS_PTRACE",  # what sandboxed units and a firewall need
        "--security-opt", "apparmor=unconfined", "--security-opt", "label=disable", "--security-opt", "unmask=ALL",
        *podman_options.container_limits(), *_cgroup_options(), *memory,
        *(f"--label={key}={value}" for key, value in labels.items()),
    ]  # fmt: skip


def _mac(address: str) -> str:
    """An address keeps its hardware address, or the machine goes on asking for the one of the host before."""
    return "02:50" + "".join(f":{part:02x}" for part in ipaddress.ip_address(address).packed)


def _cgroup_options() -> list[str]:
    """With cgroups of version 1, a unit's limits are enforced only where the machine's own tree is seen."""
    if podman_options.has_unified_cgroups():
        return []
    return ["--cgroupns=host", "--volume", "/sys/fs/cgroup:/sys/fs/cgroup:rw"]


def _runtimes() -> list[list[str]]:
    """crun, podman's own choice, refuses cgroups of both versions side by side; runc takes them."""
    runc = ["--runtime", "runc"]
    return [[], runc] if podman_options.has_unified_cgroups() else [runc, []]


def _addresses(container: str) -> list[str]:
    """Return a few addresses of podman's network: the first is always the same for one container name."""
    network = json.loads(_podman("network", "inspect", "podman"))[0]
    subnet = ipaddress.ip_network(network["subnets"][0]["subnet"])
    start = int.from_bytes(hashlib.sha256(container.encode()).digest()[:8])
    size = subnet.num_addresses - 16  # leaves out the gateway and what podman gives first to others
    return [str(subnet[8 + (start + 7919 * step) % size]) for step in range(8)]


def _introduce(host: Host) -> None:
    """Tell host and machine of each other: keys, certificate authorities, pip's settings."""
    pip = trust.pip_settings(AUTHORITIES)
    files = {
        **{f"~{user}/.ssh/authorized_keys": key().with_suffix(".pub").read_text() for user in ("root", image.ADMIN)},
        "/etc/pip.conf": "[global]\n" + "".join(f"{name} = {value}\n" for name, value in pip.items()),
    }
    given = {"files": files, "certificates": trust.certificate_authorities(), "seconds": BOOT_SECONDS}
    script = (Path(__file__).parent / "guest_setup.py").read_text()
    host_key = _podman("exec", "--interactive", host.container, "python3", "-c", script, feed=json.dumps(given))
    known_hosts(host.name).write_text(f"{host.address} {host_key}")


def _wait_for_ssh(host: Host) -> None:
    deadline = time.monotonic() + BOOT_SECONDS
    while True:
        tried = subprocess.run(host.ssh("true"), capture_output=True, text=True)
        if tried.returncode == 0:
            return
        if time.monotonic() > deadline:
            raise DeployError(f"{host.name}: no SSH after {BOOT_SECONDS} s: {tried.stderr.strip()}",
                              f"Its own log: podman logs {host.container}")  # fmt: skip
        time.sleep(0.2)


def _state(host: Host) -> str:
    """A container that died with the machine is still called running: ask it."""
    alive = subprocess.run(as_root(["podman", "exec", host.container, "true"]), capture_output=True)
    return "running" if alive.returncode == 0 else "stopped"


def _podman(*words: str, feed: str | None = None) -> str:
    folder = state("podman", "oom").parent  # where conmon notes that a host's memory ran out: where podman was called
    done = subprocess.run(as_root(["podman", *words]), capture_output=True, text=True, input=feed, cwd=folder)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if "level=warning" not in line]
        raise DeployError("podman: " + (lines[-1] if lines else f"exit status {done.returncode}"))
    return done.stdout
