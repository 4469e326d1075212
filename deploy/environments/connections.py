"""How a host is reached by SSH: what the inventory says, and what the operator's own ssh makes of it."""

import ipaddress
import shlex
import socket
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from deploy.base.variables import inherited


@dataclass(frozen=True)
class Connection:
    """What an inventory says of a connection by SSH.

    Attributes:
        address: an address, a name, or an alias of the operator's ssh configuration.
        user: that logs in; empty if the inventory doesn't say.
        port: the SSH server's; empty if the inventory doesn't say.
        key: the path of the private key; empty if the inventory names none.
        arguments: further ones for ssh.
    """

    address: str
    user: str = ""
    port: str = ""
    key: str = ""
    arguments: str = ""

    @property
    def options(self) -> list[str]:
        """What stands between ``ssh`` and the host."""
        port = ["-p", self.port] if self.port else []
        key = ["-i", self.key] if self.key else []
        return [*shlex.split(self.arguments), *port, *key]

    @property
    def login(self) -> str:
        """The user and the host, as ssh takes them."""
        return f"{self.user}@{self.address}".removeprefix("@")

    @property
    def command(self) -> str:
        """The line that logs in by hand."""
        return shlex.join(["ssh", *self.options, self.login])

    @cached_property
    def settings(self) -> Mapping[str, str]:
        """Setting of ssh → its value for this host, as ``ssh -G`` prints them; empty if ssh can't read its settings."""
        try:
            output = subprocess.run(
                ["ssh", "-G", *self.options, self.login],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                env=inherited(),
            ).stdout
        except FileNotFoundError:
            return {}
        pairs = (line.partition(" ") for line in output.splitlines())
        return {name: value for name, _, value in pairs}

    @property
    def host(self) -> str:
        """The name or address that ssh connects to."""
        return self.settings.get("hostname", self.address)

    @property
    def ssh_port(self) -> str:
        """The port that ssh connects to."""
        return self.settings.get("port", self.port or "22")

    @property
    def jump(self) -> str:
        """The host, command or forwarded port through which ssh reaches this host; empty if it does so directly."""
        values = (self.settings.get(name, "none") for name in ("proxyjump", "proxycommand"))
        forwarded = f"port {self.ssh_port} of this machine" if self.ssh_port != "22" and _is_here(self.host) else ""
        return next((value for value in values if value != "none"), forwarded)


def of(facts: Mapping[str, Any] | None) -> Connection | None:
    """Return the connection that an event of the callback describes; None if it isn't by SSH."""
    return Connection(**{name: str(value) for name, value in facts.items()}) if facts else None


def reached(report: dict[str, Any], connection: Connection | None) -> dict[str, Any]:
    """Return a host's report with the address that its connection leads to, and what that goes through."""
    if connection is None or "address" not in report:
        return report
    return report | {"address": connection.host, "jump": connection.jump, "login": connection.command}


def _is_here(host: str) -> bool:
    return ipaddress.ip_address(numeric(host) or "::").is_loopback


def numeric(name: str) -> str:
    """Return an address as it is, the first address of a name, or nothing if this machine knows none."""
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        pass
    try:
        return str(socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)[0][4][0])
    except OSError:
        return ""
