"""The root file system of a rehearsal host: that of a fresh Debian server, built once and kept as a podman image."""

import hashlib
import subprocess
from pathlib import Path

from deploy.base.console import Console
from deploy.base.errors import DeployError
from deploy.base.home import home
from deploy.base.locks import exclusive
from deploy.base.paths import STATE
from deploy.base.toolchain import as_root

SUITES = {"12": "bookworm", "13": "trixie"}
"""Debian release → its name in the archive."""

ADMIN = "admin"
"""The user with sudo and no password that cloud images of Debian have."""

PACKAGES = (
    "ca-certificates",
    "dbus",
    "iproute2",
    "libpam-systemd",
    "openssh-server",
    "procps",
    "python3",
    "python3-apt",
    "sudo",
    "systemd",
    "systemd-sysv",
)
"""What Debian's own cloud images have, as far as it matters here: no Nginx, no pip, no venv."""

HOOK = f"""set -eu
useradd --root "$1" --create-home --shell /bin/bash {ADMIN}
echo '{ADMIN} ALL=(ALL) NOPASSWD: ALL' > "$1/etc/sudoers.d/{ADMIN}"
chmod 0440 "$1/etc/sudoers.d/{ADMIN}"
rm -f "$1"/etc/ssh/ssh_host_* "$1/etc/machine-id"
touch "$1/etc/machine-id"
mkdir "$1/etc/systemd/system/ssh.service.d"
printf '[Service]\\nExecStartPre=\\nExecStartPre=/usr/bin/ssh-keygen -A\\nExecStartPre=/usr/sbin/sshd -t\\n' \\
    > "$1/etc/systemd/system/ssh.service.d/host-keys.conf"
"""
"""Each host makes host keys and a machine id of its own, as a cloud server does at its first boot."""


def ensure(console: Console, debian: str) -> str:
    """Return the name of the image of that Debian release ("12" or "13"), built now if it doesn't exist.

    Raises:
        DeployError: mmdebstrap or podman failed.
    """
    name = _name(debian)
    if _exists(name):
        return name
    with exclusive(_locks() / f"debian{debian}.lock"):
        if not _exists(name):
            with console.step(f"Build the root file system of Debian {debian} (once)"):
                _build(console, debian, name)
    return name


def _locks() -> Path:
    """Where all checkouts of this user wait for each other."""
    own_home = home()
    return own_home / ".cache" / "puerto" if own_home else STATE / "locks"


def _name(debian: str) -> str:
    recipe = " ".join((*PACKAGES, SUITES[debian], HOOK))
    return f"localhost/puerto-debian{debian}:{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"


def _exists(name: str) -> bool:
    return subprocess.run(as_root(["podman", "image", "exists", name]), capture_output=True).returncode == 0


def _build(console: Console, debian: str, name: str) -> None:
    """Pipe mmdebstrap's archive into podman, so that an interrupted run leaves no file behind."""
    options = ["--variant=minbase", f"--include={','.join(PACKAGES)}", f"--customize-hook={HOOK}"]
    mmdebstrap_command = as_root(["mmdebstrap", *options, SUITES[debian], "-"])
    podman_command = as_root(["podman", "import", "--quiet", "-", name + "-partial"])
    with subprocess.Popen(mmdebstrap_command, stdout=subprocess.PIPE, stderr=console.log) as mmdebstrap:
        podman = subprocess.run(podman_command, stdin=mmdebstrap.stdout, capture_output=True, text=True)
    console.log.write(podman.stdout + podman.stderr)
    if mmdebstrap.returncode or podman.returncode:
        reason = f"mmdebstrap exited with status {mmdebstrap.returncode}, podman import with {podman.returncode}"
        raise DeployError(reason, "Is Debian's package archive reachable? Try: apt-get update")
    console.run(as_root(["podman", "tag", name + "-partial", name]))
    console.run(as_root(["podman", "untag", name + "-partial", name + "-partial"]))
