"""The root file system of a rehearsal host: a fresh Debian server's, made once and kept as a podman image."""

import hashlib
import subprocess
from pathlib import Path

from deploy.base.console import Console
from deploy.base.errors import DeployError
from deploy.base.locks import exclusive
from deploy.base.toolchain import as_root

SUITES = {"12": "bookworm", "13": "trixie"}
"""Debian release → its name in the archive."""

ADMIN = "admin"
"""The user with sudo and no password that cloud images of Debian have."""

PACKAGES = (
    "ca-certificates", "dbus", "iproute2", "libpam-systemd", "openssh-server", "procps",
    "python3", "python3-apt", "sudo", "systemd", "systemd-sysv",
)  # fmt: skip
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
"""Each host makes host keys and a machine id of its own, as a cloud's server does at its first boot."""

LOCK = Path.home() / ".cache" / "puerto" / "image.lock"


def ensure(console: Console, debian: str) -> str:
    """Return the name of the image of that Debian release ("12" or "13"), made now if it isn't there.

    Raises:
        DeployError: mmdebstrap or podman failed.
    """
    name = _name(debian)
    if _exists(name):
        return name
    with exclusive(LOCK):
        if not _exists(name):
            with console.step(f"Make the root file system of Debian {debian} (once)"):
                _make(console, debian, name)
    return name


def _name(debian: str) -> str:
    recipe = " ".join((*PACKAGES, SUITES[debian], HOOK))
    return f"localhost/puerto-debian{debian}:{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"


def _exists(name: str) -> bool:
    return subprocess.run(as_root(["podman", "image", "exists", name]), capture_output=True).returncode == 0


def _make(console: Console, debian: str, name: str) -> None:
    """Pipe mmdebstrap's archive into podman: no file is left behind by a run that is cut off."""
    debootstrap = as_root([
        "mmdebstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}",
        "--customize-hook=" + HOOK, SUITES[debian], "-",
    ])  # fmt: skip
    podman = as_root(["podman", "import", "--quiet", "-", name + "-partial"])
    with subprocess.Popen(debootstrap, stdout=subprocess.PIPE, stderr=console.log) as source:
        imported = subprocess.run(podman, stdin=source.stdout, capture_output=True, text=True)
    console.log.write(imported.stdout + imported.stderr)
    if source.returncode or imported.returncode:
        reason = f"mmdebstrap ended with {source.returncode}, podman import with {imported.returncode}"
        raise DeployError(reason, "Is Debian's package archive reachable? Try: apt-get update")
    console.run(as_root(["podman", "tag", name + "-partial", name]))
    console.run(as_root(["podman", "untag", name + "-partial", name + "-partial"]))
