"""The podman program, its network and its containers' state."""

import hashlib
import ipaddress
import json
import subprocess

from deploy.base.errors import DeployError
from deploy.base.paths import state
from deploy.base.toolchain import as_root


def podman(*arguments: str, stdin: str | None = None) -> str:
    """Run podman to its end and return its standard output.

    Raises:
        DeployError: its exit status is not 0.
    """
    folder = state(
        "podman", "oom"
    ).parent  # conmon writes there, where podman was called, that a host ran out of memory
    command = as_root(["podman", *arguments])
    process = subprocess.run(command, capture_output=True, text=True, input=stdin, cwd=folder)
    if process.returncode:
        lines = [line for line in process.stderr.splitlines() if "level=warning" not in line]
        raise DeployError("podman: " + (lines[-1] if lines else f"exit status {process.returncode}"))
    return process.stdout


def is_running(container: str) -> bool:
    """Ask the container itself: podman still calls one running that died with the machine."""
    process = subprocess.run(as_root(["podman", "exec", container, "true"]), capture_output=True)
    return process.returncode == 0


def addresses(container: str) -> list[str]:
    """Return a few addresses of podman's network: the first is always the same for one container name."""
    network = json.loads(podman("network", "inspect", "podman"))[0]
    subnet = ipaddress.ip_network(network["subnets"][0]["subnet"])
    start = int.from_bytes(hashlib.sha256(container.encode()).digest()[:8])
    size = subnet.num_addresses - 16  # leaves out the gateway and what podman assigns first to others
    return [str(subnet[8 + (start + 7919 * step) % size]) for step in range(8)]


def mac_address(address: str) -> str:
    """An address keeps its hardware address, or the machine goes on asking for that of the previous host."""
    return "02:50" + "".join(f":{part:02x}" for part in ipaddress.ip_address(address).packed)
