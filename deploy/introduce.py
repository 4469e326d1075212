"""Runs inside a rehearsal host, before its first SSH connection; prints its host key.

Standard input: JSON, path → text of the files to write. Argument: the user with sudo.
"""

import json
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
BOOT_SECONDS = 120
HOST_KEY = Path("/etc/ssh/ssh_host_ed25519_key.pub")


def main(admin: str) -> None:
    wait_for_boot()
    for name, text in json.load(sys.stdin).items():
        path = Path(name)
        path.parent.mkdir(mode=0o700 if path.parent.name == ".ssh" else 0o755, parents=True, exist_ok=True)
        path.write_text(text)
    shutil.copytree("/root/.ssh", f"/home/{admin}/.ssh", dirs_exist_ok=True)
    subprocess.run(["chown", "-R", f"{admin}:", f"/home/{admin}/.ssh"], check=True)
    trust(Path("/usr/local/share/ca-certificates/machine.pem"))
    print(host_key(), end="")


def wait_for_boot() -> None:
    """Return once /tmp has been cleaned and mounted: what is begun earlier loses its temporary files."""
    deadline = time.monotonic() + BOOT_SECONDS
    while subprocess.run(["systemctl", "is-active", "--quiet", "basic.target"], capture_output=True).returncode:
        if time.monotonic() > deadline:
            sys.exit(f"systemd has not booted after {BOOT_SECONDS} s")
        time.sleep(0.05)


def host_key() -> str:
    """Return the public host key, which the first start of the SSH server makes."""
    deadline = time.monotonic() + BOOT_SECONDS
    while not (HOST_KEY.exists() and HOST_KEY.read_text().endswith("\n")):
        if time.monotonic() > deadline:
            sys.exit(f"no SSH host key after {BOOT_SECONDS} s")
        time.sleep(0.05)
    return HOST_KEY.read_text()


def trust(machine: Path) -> None:
    """Trust the authorities that the machine trusts beyond Debian's own, one file each as Debian wants them."""
    own = "".join(Path("/etc/ssl/certs/ca-certificates.crt").read_text().split())
    added = False
    for number, certificate in enumerate(CERTIFICATE.findall(machine.read_text())):
        if "".join(certificate.split()) not in own:
            machine.with_name(f"machine-{number}.crt").write_text(certificate + "\n")
            added = True
    machine.unlink()
    if added:
        subprocess.run(["update-ca-certificates"], check=True, capture_output=True)


main(sys.argv[1])
