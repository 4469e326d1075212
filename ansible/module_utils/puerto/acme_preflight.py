"""Which names an authority would refuse or not find, before a run changes anything."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from .acme import MODE, AcmeCertificate
from .names import Names
from .reachability import unresolved

SPECIAL = ("alt", "arpa", "corp", "example", "home", "internal", "intranet", "invalid", "lan", "local", "localdomain",
           "localhost", "onion", "private", "test")  # fmt: skip
"""Last labels that stand for no place of the public DNS (RFC 6761, 6762, 7686, 8375, 9476; ICANN's internal)."""

PUBLIC = "letsencrypt.org"
"""An authority that signs for public names alone; one's own may know others."""

LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
INSTEAD = "take it out of nginx_server_names, or use nginx_https: local, or own"


def faults(names: Names, directory: str) -> list[str]:
    """Return a sentence for each name that has no certificate and couldn't get one.

    Args:
        directory: the authority's (nginx_acme_directory).
    """
    if names.nginx_https != MODE:
        return []
    if refused := list(_unsigned(names.nginx_server_names, directory)):
        return refused
    return unresolved(AcmeCertificate(Path(names.app_root), names.nginx_server_names).missing())


def _unsigned(server_names: Sequence[str], directory: str) -> Iterator[str]:
    host = urlsplit(directory).hostname or ""
    is_public = host == PUBLIC or host.endswith(f".{PUBLIC}")
    for name in server_names:
        labels = name.split(".")
        if len(labels) == 1 or labels[-1] == "localhost" or labels[-1].isdigit():
            yield f"{name}: no authority signs for a name without a domain, or for an address in its place: {INSTEAD}."
        elif not all(map(LABEL.fullmatch, labels)):
            yield f"{name}: no authority signs for a name with other signs than letters, digits and hyphens: {INSTEAD}."
        elif is_public and labels[-1] in SPECIAL:
            yield f"{name}: {host} signs for no name below .{labels[-1]}, which nobody owns: {INSTEAD}."
