"""Hosts whose users have another shell, one that greets, or a password to type for sudo."""

import os
import pty
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from testinfra.host import Host

from deploy.base.paths import KIT, tool
from deploy.rehearsal.image import ADMIN
from tests.host.shell import NotRunError, ShellBackend
from tests.site import users
from tests.site.common import deploy
from tests.site.hosts import Hosts

pytestmark = pytest.mark.debian(12)

SHELLS = ("fish", "tcsh")
PEOPLE = {
    "fish": "usermod --shell /usr/bin/fish fish; install -d ~fish/.config/fish;"
            " echo 'echo Hola; echo Aviso >&2' > ~fish/.config/fish/config.fish",
    "tcsh": "usermod --shell /usr/bin/tcsh tcsh; echo 'echo Hola' > ~tcsh/.tcshrc",
    "greeter": "echo 'echo Hola; printf Aviso >&2' > ~greeter/.bashrc",
    "careful": f"""usermod --shell /usr/bin/fish careful; echo 'careful ALL=(ALL) ALL' > /etc/sudoers.d/careful
        printf %s "careful:{users.PASSWORD}" | chpasswd""",
}  # fmt: skip
"""User → the commands that give them their shell."""


@pytest.fixture(scope="module")
def people(hosts: Hosts, host, on: Callable[..., str]) -> Iterator[Path]:
    """An inventory of the users, with their shells installed, on a host that doesn't know its own name."""
    packages = f"DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends {' '.join(SHELLS)} 2>&1"
    on(host, f"apt-get -qq update; {packages}; hostname > /etc/hostname.aside; hostname nowhere")
    on(host, users.script(users.MAKE, PEOPLE, ADMIN) + "\n".join(PEOPLE.values()))
    yield users.inventory(hosts, {name: {} for name in PEOPLE})
    on(host, users.script(users.REMOVE, PEOPLE, ADMIN), check=False)
    on(host, f"hostname -F /etc/hostname.aside; apt-get -qq purge {' '.join(SHELLS)} 2>&1")


@pytest.fixture
def as_user(hosts: Hosts, people: Path, host) -> Callable[..., Host]:
    """Log in as one of the users, as host tests do."""

    def log_in(user: str, password: str = "") -> Host:
        values = hosts.values[host.name]
        backend = ShellBackend(
            f"{user}@{host.address}:22",
            sudo=True,
            become_password=password,
            ssh_identity_file=values["ansible_ssh_private_key_file"],
            ssh_extra_args=values["ansible_ssh_common_args"],
            controlpersist=0,
        )
        shell = Host(backend)
        backend.set_host(shell)
        return shell

    return log_in


@pytest.mark.parametrize("user", ["fish", "tcsh", "greeter"])
def test_output_of_a_command_is_its_own(as_user, user):
    result = as_user(user).run(
        "id -un; printf '%s|' 'a \\' \"b\"; printf '\\351\\0' ; printf Error >&2; cat; sshd -V; exit 3"
    )
    assert result.rc == 3
    assert result.stdout_bytes == b"root\na \\|b|\xe9\0"
    assert result.stderr.startswith("Error") and "Aviso" not in result.stderr


def test_sudo_with_a_password(as_user):
    result = as_user("careful", users.PASSWORD).run("id -un; cat")
    assert (result.stdout, result.stderr) == ("root\n", "")
    with pytest.raises(NotRunError) as fault:
        as_user("careful").run("true")
    assert "a password is required" in fault.value.args[0].stderr


def test_every_shell_is_asked_by_ansible(people):
    run = deploy(KIT, "status", str(people))
    assert [name for name in PEOPLE if f"\n{name}  " in f"\n{run.stdout}"] == ["fish", "tcsh", "greeter"], run.stderr


def test_password_is_asked_for_once_and_seen_nowhere(hosts, people, tmp_path):
    inventory = users.inventory(hosts, {"careful": {}})
    leaks: set[str] = set()
    done = threading.Event()
    watcher = threading.Thread(target=_watch, args=(users.PASSWORD.encode(), leaks, done))
    watcher.start()
    try:
        _, output = _type(users.PASSWORD, "verify", "--ask-become-pass", str(inventory))
    finally:
        done.set()
        watcher.join()
    assert output.count("sudo's password") == 1
    assert leaks == set()
    log = (KIT / re.search(r"log: (\S+)", output, re.IGNORECASE)[1]).read_text()
    assert re.search(r"\d\d passed", log), "whatever release the tests before have left there"
    assert users.PASSWORD not in log


def test_password_from_a_file(hosts, people, tmp_path):
    inventory, file = users.inventory(hosts, {"careful": {}}), tmp_path / "password"
    file.write_text(users.PASSWORD + "\n")
    run = subprocess.run(
        [sys.executable, "-m", "deploy", "status", str(inventory)],
        cwd=KIT, capture_output=True, text=True, env=os.environ | {"ANSIBLE_BECOME_PASSWORD_FILE": str(file)},
    )  # fmt: skip
    assert run.returncode == 0, run.stderr


def test_host_tests_without_the_password_say_so(hosts, people):
    run = deploy(KIT, "verify", str(users.inventory(hosts, {"careful": {}})))
    assert run.returncode == 1
    assert run.stderr.startswith("careful: sudo asks for a password: add --ask-become-pass")


@pytest.fixture
def forwarded(hosts: Hosts, host) -> Iterator[Path]:
    """An inventory that reaches the host by a port of this machine, as by a router's that leads to its port 22."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    tunnel = subprocess.Popen([*host.ssh()[:-1], "-N", "-L", f"127.0.0.1:{port}:127.0.0.1:22", host.ssh()[-1]])
    values = {"ansible_host": "127.0.0.1", "ansible_port": port, "ansible_user": host.user}
    options = f"{hosts.values[host.name]['ansible_ssh_common_args']} -o HostKeyAlias={host.address}"
    while subprocess.run(["ssh-keyscan", "-p", str(port), "127.0.0.1"], capture_output=True).stdout == b"":
        assert tunnel.poll() is None
        time.sleep(0.2)
    yield users.inventory(hosts, {"forwarded": values | {"ansible_ssh_common_args": options}})
    tunnel.terminate()
    tunnel.wait()


def test_port_that_is_forwarded(forwarded):
    command = [tool("python"), "-m", "pytest", "tests/host", "-q", "-k", "only_ssh", "--inventory", str(forwarded)]
    run = subprocess.run(command, cwd=KIT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout


def test_nobody_to_ask():
    run = subprocess.run(
        [sys.executable, "-m", "deploy", "status", "--ask-become-pass"],
        cwd=KIT, capture_output=True, text=True, stdin=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    assert run.returncode == 2
    assert run.stderr.startswith("--ask-become-pass needs a terminal to ask on, and there is none\n")
    assert "Traceback" not in run.stderr


def _type(password: str, *arguments: str) -> tuple[int, str]:
    """Run the operator's command on a terminal, and type a password when it asks; return its status and output."""
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(KIT)
        os.execv(sys.executable, [sys.executable, "-m", "deploy", *arguments])
    output = b""
    while part := _read(terminal):
        if b"password" in part and b"password" not in output:
            os.write(terminal, password.encode() + b"\n")
        output += part
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), output.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # the program has ended
        return b""


def _watch(secret: bytes, leaks: set[str], done: threading.Event) -> None:
    """Note each process, here or in a container, that has a secret in its arguments or environment."""
    while not done.wait(0.05):
        for kind in ("cmdline", "environ"):
            for file in Path("/proc").glob(f"[0-9]*/{kind}"):
                with suppress(OSError):  # it has ended, or is another user's
                    if secret in file.read_bytes():
                        leaks.add(f"{kind}: {file.with_name('cmdline').read_bytes()!r}")
