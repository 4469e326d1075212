"""What went wrong on a host, and what the operator reads of it: each sentence with the fault that causes it."""

import re
from collections.abc import Callable, Iterator

import pytest

from deploy.base.paths import KIT
from deploy.rehearsal.image import ADMIN
from tests.site import users
from tests.site.common import deploy, listener
from tests.site.hosts import Hosts

pytestmark = pytest.mark.debian(12)

DEAD_INDEX = """
[ ! -e /etc/pip.conf ] || cp -a /etc/pip.conf /etc/pip.aside
printf '[global]\\nindex-url = https://index.invalid/simple\\ntimeout = 2\\nretries = 1\\n' > /etc/pip.conf
"""
OWN_INDEX = "rm /etc/pip.conf; [ ! -e /etc/pip.aside ] || mv /etc/pip.aside /etc/pip.conf"

LISTENER = """ss -4Hltne 'sport = :22' | grep -o 'ino:[0-9]*'"""
RELOAD = f"""before=$({LISTENER}); systemctl reload ssh
    for attempt in $(seq 100); do now=$({LISTENER}) && [ "$now" != "$before" ] && break; sleep 0.1; done"""
"""It begins anew, and listens to nobody meanwhile."""

FAULTS = {
    "outdated": (
        "echo outdated:old | chpasswd; chage --lastday 0 outdated",
        "the password of outdated has expired, and until it is changed the host runs nothing for this user: "
        "ssh outdated@",
    ),
    "shellless": ("usermod --shell /usr/sbin/nologin shellless", "the login shell of shellless is nologin, which runs"),
    "silent": ("usermod --shell /bin/false silent", "it didn't run what was asked of it, but said nothing (status 1)"),
    "forced": (
        """sed -i 's|^|command="/bin/echo hi" |' ~forced/.ssh/authorized_keys""",
        "it didn't run what was asked of it, but said: hi (status 0)",
    ),
    "ttyless": (
        "echo 'Defaults:ttyless requiretty' >> /etc/sudoers.d/ttyless",
        'sudo wants a terminal (requiretty), and there is none: on the host, write "Defaults:ttyless !requiretty"',
    ),
    "asked": ("echo 'asked ALL=(ALL) ALL' > /etc/sudoers.d/asked", "sudo asks for a password: add --ask-become-pass"),
    "mistaken": (
        "echo 'mistaken ALL=(ALL) ALL' > /etc/sudoers.d/mistaken; echo mistaken:right | chpasswd",
        "sudo refused the password: give the right one",
    ),
    "visitor": ("rm /etc/sudoers.d/visitor; echo visitor:right | chpasswd", "this user has no right to use sudo"),
    "pythonless": ("true", "The module interpreter '/opt/none/python3' was not found"),
    "greeted": ("sed -i '1i echo Bienvenido; echo Aviso >\\&2' ~greeted/.bashrc", ""),
    "greeted_on": ("""sed -i '1i printf "Hola, {persona}"' ~greeted_on/.bashrc""", ""),
}
"""User → the command that makes the fault, and the sentence it leads to; empty where it must not matter."""

VALUES = {name: {} for name in FAULTS} | {
    "mistaken": {"ansible_become_password": "wrong"},
    "visitor": {"ansible_become_password": "right"},
    "pythonless": {"ansible_python_interpreter": "/opt/none/python3"},
}


@pytest.fixture(scope="module")
def status(hosts: Hosts, host, on: Callable[..., str]) -> Iterator[str]:
    """What status says of a host to which each of the users logs in."""
    faults = "\n".join(command for command, _ in FAULTS.values())
    on(host, users.script(users.MAKE, FAULTS, ADMIN) + faults)
    on(host, f"echo 'MaxStartups 100' > /etc/ssh/sshd_config.d/many.conf; {RELOAD}")
    run = deploy(KIT, "status", str(users.inventory(hosts, VALUES)))
    yield run.stdout + run.stderr
    on(host, users.script(users.REMOVE, FAULTS, ADMIN), check=False)
    on(host, f"rm /etc/ssh/sshd_config.d/many.conf; {RELOAD}")


@pytest.mark.parametrize(("name", "sentence"), [(name, sentence) for name, (_, sentence) in FAULTS.items()])
def test_status_quotes_the_host(status, name, sentence):
    lines = [line for line in status.splitlines() if line.startswith((f"{name}: ", f"{name}  "))]
    expected = f"{name}: Ask the host: {sentence}" if sentence else f"{name}  "
    assert len(lines) == 1 and lines[0].startswith(expected), status


def test_host_without_python(hosts, host, on):
    on(host, "mv /usr/bin/python3 /usr/bin/python3.kept")
    try:
        run = deploy(KIT, "status", str(hosts.inventory))
    finally:
        on(host, "mv /usr/bin/python3.kept /usr/bin/python3")
    assert run.returncode == 1
    assert "there is no Python on the host: on the host, as root: apt-get install python3" in run.stderr


def test_no_advice_is_about_another_fault(status):
    assert "Is it switched on" not in status
    assert "Traceback" not in status and "json char" not in status


def test_index_that_is_not_reached(hosts, host, on, project):
    edit = f"$(readlink -f {hosts.values[host.name]['app_root']}/current/.venv)/edit"
    on(host, f"{DEAD_INDEX}touch {edit}")  # an edited virtualenv is made again, beside the one that runs
    try:
        run = deploy(project, "release", str(hosts.inventory))
    finally:
        on(host, f"{OWN_INDEX}; rm {edit}")
    assert run.returncode == 1
    assert "build: Looking in indexes: https://index.invalid/simple\n" in run.stderr
    assert re.search(r"^\S+: WARNING: connection broken by .*Name or service not known", run.stderr, re.M), run.stderr
    assert re.search(r"^\S+: ERROR: No matching distribution found for \S+$", run.stderr, re.M), run.stderr
    assert "--hash" not in run.stderr and "\x1b" not in run.stderr
    log = run.stderr.rpartition("Log: ")[2].strip()
    assert "--hash=sha256:" in (project / log).read_text(), "the log must have the whole"


@pytest.mark.long
def test_index_that_is_not_reached_for_pipenv(hosts, host, on, project):
    """The preflight asks for it only where something is to be installed from it: at a first run, or without pipenv."""
    root = hosts.values[host.name]["app_root"]
    pipenv, kept = f"{root}/pipenv", f"{root}/.pipenv"  # hidden, it doesn't make the folder another's
    on(host, f"{DEAD_INDEX}mv {pipenv} {kept}")
    try:
        run = deploy(project, "up", str(hosts.inventory))
    finally:
        on(host, f"{OWN_INDEX}; rm -rf {pipenv}; mv {kept} {pipenv}")
    assert run.returncode == 1
    from_pip = "Install pipenv as pinned by deploy/pipenv.txt: Looking in indexes: https://index.invalid/simple\n"
    assert from_pip in run.stderr
    assert re.search(r"^\S+: ERROR: No matching distribution found for \S+$", run.stderr, re.M), run.stderr


def test_port_that_another_program_has(hosts, host, on, project):
    on(host, f"systemctl stop nginx; {listener('thief', 80)}")
    try:
        run = deploy(project, "release", str(hosts.inventory))
    finally:
        on(host, "systemctl stop thief; systemctl start nginx")
    assert run.returncode == 1
    reason = (
        "switch: systemctl reload-or-restart nginx.service: nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address"
    )
    assert reason in run.stderr.splitlines()[0]
    assert "journalctl" not in run.stderr and "Deactivated" not in run.stderr


def test_folder_that_cannot_be_made(hosts, host, on, project, changed):
    home = on(host, f"echo ~{host.user}").strip()
    on(host, f"rm -rf {home}/.ansible; touch {home}/.ansible")
    try:
        with changed("app/health.py", "# so that there is something to upload"):
            run = deploy(project, "release", str(hosts.inventory))
    finally:
        on(host, f"rm {home}/.ansible; rm -f /run/{hosts.values[host.name]['systemd_unit']}.lock")
    assert run.returncode == 1
    sentence = f"Upload the release: {host.user} can't make a folder in {home}/.ansible/tmp on the host"
    assert sentence in run.stderr
    assert "can't be reached" not in run.stderr


@pytest.mark.debian(13)
def test_path_without_the_folders_of_root(hosts, host, on, project):
    on(host, "cp -p ~/.bashrc ~/kept; sed -i '1i export PATH=/usr/bin:/bin' ~/.bashrc; systemctl stop nginx")
    try:
        run = deploy(project, "release", str(hosts.inventory))
    finally:
        on(host, "mv ~/kept ~/.bashrc; systemctl start nginx")
    assert run.returncode == 0, run.stderr
