"""Where a server of Nginx listens: at which addresses and ports, and how what comes there is read."""

import ipaddress
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

WILDCARDS = ("0.0.0.0", "::")
"""The addresses that stand for all of IPv4 and of IPv6. Where a server listens at the one that a request came to, Nginx
asks only those that do, whatever their names; else, those at the wildcard."""

PORT, HTTPS_PORT = 80, 443
PORT_DIGITS = 5


@dataclass(frozen=True)
class Listen:
    """A directive ``listen``.

    Attributes:
        addresses: as ipaddress writes them; none for a Unix socket, or for QUIC's UDP.
        ports: from the first to the last.
        options: what follows, e.g. default_server.
    """

    addresses: tuple[str, ...]
    ports: range
    options: frozenset[str]

    @classmethod
    def read(cls, arguments: tuple[str, ...]) -> Self:
        """Read the directive's arguments; an address without a port is port 80."""
        text, *options = arguments or ("",)
        host, port = _host_and_port(text)
        first, _, last = port.partition("-")
        start = _number(first, PORT)
        addresses = () if text.startswith("unix:") or "quic" in options else tuple(_addresses(host))
        if "::" in addresses and "ipv6only=off" in options:
            addresses = WILDCARDS
        return cls(addresses, range(start, _number(last, start) + 1), frozenset(options))

    def is_on(self, port: int) -> bool:
        """Return whether it listens on a TCP port."""
        return bool(self.addresses) and port in self.ports

    @property
    def is_default(self) -> bool:
        """Whether its server answers there any name that none has."""
        return not self.options.isdisjoint({"default_server", "default"})


def _host_and_port(text: str) -> tuple[str, str]:
    if text.startswith("["):
        host, _, port = text[1:].partition("]")
        return host, port.removeprefix(":")
    if text.replace("-", "", 1).isdecimal():
        return "*", text
    host, _, port = text.partition(":")
    return host, port


def _number(text: str, otherwise: int) -> int:
    return int(text) if text.isdecimal() and len(text) <= PORT_DIGITS else otherwise


def _addresses(host: str) -> Iterator[str]:
    """Yield the addresses that a directive's first part stands for; a name's are asked for, as Nginx does."""
    try:
        yield WILDCARDS[0] if host == "*" else str(ipaddress.ip_address(host))
    except ValueError:
        try:
            found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except (OSError, ValueError):  # unknown, or no name at all
            return
        yield from dict.fromkeys(str(entry[4][0]) for entry in found)
