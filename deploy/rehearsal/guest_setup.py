"""Runs inside a rehearsal host, before its first SSH connection; prints its host key.

Standard input: JSON, ``{"files": path → text, "certificates": [PEM], "seconds": that the boot may take at most}``. A
path that begins with ``~user`` is that user's.
"""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

HOST_KEY = Path("/etc/ssh/ssh_host_ed25519_key.pub")
AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
OWN_AUTHORITIES = Path("/usr/local/share/ca-certificates")
"""Where an administrator puts certificates for update-ca-certificates(8)."""


def main() -> None:
    options = json.load(sys.stdin)
    wait(options["seconds"], "systemd has not booted", has_booted)
    for name, text in options["files"].items():
        write(name, text)
    trust(options["certificates"])
    wait(options["seconds"], "there is no SSH host key", has_host_key)
    print(HOST_KEY.read_text(), end="")


def wait(seconds: float, failure: str, condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            sys.exit(f"{failure} after {seconds} s")
        time.sleep(0.05)


def has_booted() -> bool:
    """Return whether /tmp has been cleaned and mounted: a program that starts earlier loses its temporary files."""
    return not subprocess.run(["systemctl", "is-active", "--quiet", "basic.target"], capture_output=True).returncode


def has_host_key() -> bool:
    """Return whether the first start of the SSH server has made its key."""
    return HOST_KEY.exists() and HOST_KEY.read_text().endswith("\n")


def write(name: str, text: str) -> None:
    path = Path(name).expanduser()
    path.parent.mkdir(mode=0o700 if path.parent.name == ".ssh" else 0o755, parents=True, exist_ok=True)
    path.write_text(text)
    if name.startswith("~"):
        user = name[1:].partition("/")[0]
        shutil.chown(path.parent, user, user)
        shutil.chown(path, user, user)


def trust(certificates: list[str]) -> None:
    """Trust the authorities that the machine trusts beyond Debian's, one file each as Debian requires."""
    trusted = "".join(AUTHORITIES.read_text().split())
    missing = [certificate for certificate in certificates if "".join(certificate.split()) not in trusted]
    for number, certificate in enumerate(missing):
        (OWN_AUTHORITIES / f"machine-{number}.crt").write_text(certificate + "\n")
    if missing:
        subprocess.run(["update-ca-certificates"], check=True, capture_output=True)


main()
