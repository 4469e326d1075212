"""The certificate authorities and pip settings of this machine that a rehearsal host takes over."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from deploy.base.paths import tool

BUNDLES = (
    os.environ.get("SSL_CERT_FILE", ""),
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
)
"""Where distributions keep the certificate authorities that a machine trusts; the first that exists counts."""

PIP_OPTIONS = ("index-url", "extra-index-url", "proxy", "trusted-host", "timeout")
"""Those that hold on another host too."""

_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


def certificate_authorities() -> list[str]:
    """Return the certificates (PEM) of the authorities that this machine trusts."""
    for name in filter(None, BUNDLES):
        path = Path(name)
        if path.is_file():
            return _CERTIFICATE.findall(path.read_text(errors="replace"))
    return []


def pip_settings(authorities: str) -> dict[str, str]:
    """Return this machine's pip settings that hold on another host too.

    Args:
        authorities: the path of the certificate authorities there, which replaces this machine's if pip names one.
    """
    settings: dict[str, str] = {}
    for name, value in _pip_config():
        if name == "cert":
            settings["cert"] = authorities
        elif name in PIP_OPTIONS and (remote := _without_local_paths(name, value)):
            settings[name] = remote
    return settings


def _pip_config() -> Iterator[tuple[str, str]]:
    command = [tool("python"), "-m", "pip", "config", "list"]
    listing = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    for line in listing.splitlines():
        key, _, value = line.partition("=")
        yield key.rpartition(".")[2], value.strip("'\"")


def _without_local_paths(name: str, value: str) -> str:
    if not name.endswith("index-url"):
        return value
    return " ".join(url for url in value.split() if url.startswith(("http://", "https://")))
