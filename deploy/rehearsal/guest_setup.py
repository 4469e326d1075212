"""Runs inside a rehearsal host, before its first SSH connection; prints its host key.

Standard input: JSON, ``{"files": path → text, "certificates": [PEM], "seconds": most that the boot may take}``. A path
that begins with ``~user`` is that user's.
"""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

HOST_KEY = Path("/etc/ssh/ssh_host_ed25519_key.pub")
TRUSTED = Path("/etc/ssl/certs/ca-certificates.crt")
ADDED = Path("/usr/local/share/ca-certificates")


def main() -> None:
    given = json.load(sys.stdin)
    wait(given["seconds"], "systemd has not booted", has_booted)
    for name, text in given["files"].items():
        write(name, text)
    trust(given["certificates"])
    wait(given["seconds"], "there is no SSH host key", has_host_key)
    print(HOST_KEY.read_text(), end="")


def wait(seconds: float, complaint: str, reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + seconds
    while not reached():
        if time.monotonic() > deadline:
            sys.exit(f"{complaint} after {seconds} s")
        time.sleep(0.05)


def has_booted() -> bool:
    """Tell whether /tmp has been cleaned and mounted: what is begun earlier loses its temporary files."""
    return not subprocess.run(["systemctl", "is-active", "--quiet", "basic.target"], capture_output=True).returncode


def has_host_key() -> bool:
    """Tell whether the first start of the SSH server has made its key."""
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
    """Trust the authorities that the machine trusts beyond Debian's own, one file each as Debian wants them."""
    own = "".join(TRUSTED.read_text().split())
    strangers = [certificate for certificate in certificates if "".join(certificate.split()) not in own]
    for number, certificate in enumerate(strangers):
        (ADDED / f"machine-{number}.crt").write_text(certificate + "\n")
    if strangers:
        subprocess.run(["update-ca-certificates"], check=True, capture_output=True)


main()
