"""Ports for programs that tests start, which can't choose one themselves."""

import random
import socket
from pathlib import Path

RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
"""Where Linux says which ports it gives to who asks for any: connections of other tests, above all."""

LOWEST = 10_000


def free_port() -> int:
    """Return a port on which nothing listens, and which the system gives to nobody meanwhile."""
    below = int(RANGE.read_text().split()[0])
    return next(port for port in random.sample(range(LOWEST, below), below - LOWEST) if _is_free(port))


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET6 if socket.has_dualstack_ipv6() else socket.AF_INET) as probe:
        try:
            probe.bind(("", port))
        except OSError:
            return False
    return True
