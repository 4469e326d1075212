"""Whether an authority that follows a name would reach this host: what DNS says, and who answers on port 80 there."""

import http.client
import ipaddress
import secrets
import socket
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from .nginx_listen import PORT

CHALLENGES = Path(".well-known", "acme-challenge")
"""Where an authority looks, below the root of the site."""

TIMEOUT_SECONDS = 5.0
MOST_ADDRESSES = 6
REDIRECTS = range(300, 400)
NGINX = "see systemctl status nginx, its error log, and the host's firewall"


@dataclass(frozen=True)
class Obstacles:
    """What was found.

    Attributes:
        certain: sentences on what an authority would stumble over as well.
        possible: sentences on what may only be so from here, e.g. behind a router that doesn't lead back.
    """

    certain: tuple[str, ...] = ()
    possible: tuple[str, ...] = ()


def unresolved(names: Iterable[str]) -> list[str]:
    """Return a sentence for each name that DNS, as this host asks it, has no address for."""
    return [fault for name in names for _, fault in [_addresses(name)] if fault]


def obstacles(names: Iterable[str], root: Path, port: int = PORT) -> Obstacles:
    """Ask for a file of this host's through each name, at each of its addresses, as an authority does.

    Args:
        root: the folder whose challenges the site answers with.
    """
    certain: list[str] = []
    possible: list[str] = []
    with _challenge(root) as (path, text):
        for name in names:
            addresses, fault = _addresses(name)
            certain += [fault] if fault else []
            for address in addresses:
                own = _is_own(address)
                if fault := _fault_at(name, address, port, path, text):
                    is_certain = own or not fault.startswith(_unanswered(name, address))
                    (certain if is_certain else possible).append(fault)
    return Obstacles(tuple(certain), tuple(possible))


def visited(names: Iterable[str]) -> set[str]:
    """Return the addresses of this host's that visitors of these names come to.

    Where the names lead to none of its own, as behind a router, it is those by which the host itself goes out.
    """
    return {address for name in names for address in _addresses(name)[0] if _is_own(address)} or {*_outward()}


def _outward() -> Iterator[str]:
    for family, elsewhere in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as candidate:
            candidate.connect((elsewhere, PORT))  # which chooses a route, and sends nothing
            yield str(candidate.getsockname()[0])


def _addresses(name: str) -> tuple[Sequence[str], str]:
    """Return a name's addresses, without those within the host, or why there are none."""
    try:
        found = socket.getaddrinfo(name, PORT, type=socket.SOCK_STREAM)
    except socket.gaierror as fault:
        if fault.errno == socket.EAI_AGAIN:
            return (), f"{name}: this host can't ask DNS now ({fault.strerror}): see its /etc/resolv.conf."
        way = "make an A record (for IPv6, AAAA) with this host's address, and run again once it is known"
        return (), f"{name} leads nowhere, DNS has no address for it: {way}."
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    return [address for address in addresses if not _is_within_host(address)][:MOST_ADDRESSES], ""


def _is_within_host(address: str) -> bool:
    """Return whether an address is of no use to others, as /etc/hosts may give the host's own name."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    return parsed.is_loopback or parsed.is_link_local


def _is_own(address: str) -> bool:
    """Return whether it is one of this host's own: others can't be bound."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as candidate:
        try:
            candidate.bind((address, 0))
        except OSError:
            return False
    return True


@contextmanager
def _challenge(root: Path) -> Iterator[tuple[str, str]]:
    """Have the site answer with a text, for the time of a block."""
    name, text = f"puerto-{secrets.token_hex(8)}", secrets.token_hex(16)
    file = root / CHALLENGES / name
    file.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    file.write_text(text, encoding="ascii")
    file.chmod(0o644)
    try:
        yield f"/{CHALLENGES}/{name}", text
    finally:
        file.unlink(missing_ok=True)


def _unanswered(name: str, address: str) -> str:
    return f"{name} leads to {address}, where nothing answers on port 80"


def _fault_at(name: str, address: str, port: int, path: str, text: str) -> str:
    """Return what is wrong with who answers at an address; empty if it is this host, or can't be told."""
    connection = http.client.HTTPConnection(address, port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", path, headers={"Host": name})
        response = connection.getresponse()
        body = response.read(len(text) + 1)
    except (OSError, http.client.HTTPException) as fault:
        if _is_own(address):
            way = NGINX
        else:
            way = "let port 80 through, in the firewalls of the host and of its provider, or correct the name's record"
        return f"{_unanswered(name, address)} ({fault}): {way}."
    finally:
        connection.close()
    if body == text.encode() or response.status in REDIRECTS:  # a proxy in front of the host may send on to HTTPS
        return ""
    if _is_own(address):
        return f"{name} leads to this host, which doesn't show the challenge (status {response.status}): {NGINX}."
    way = "correct the name's A or AAAA record, or remove it"
    return f"{name} leads to {address}, where another server answers (status {response.status}): {way}."
