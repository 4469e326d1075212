"""How an operator's SSH reaches a host: aliases, another host between, ports, keys, and host keys not seen before."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.base.paths import KIT, tool
from deploy.rehearsal import hosts as rehearsal
from tests.site.common import scratch

pytestmark = pytest.mark.debian(12)

PORT = 2222
INVENTORY = scratch("reached.yml")
KEYS = 7
"""More than a server lets a client try."""


@pytest.fixture(scope="module")
def second_port(hosts: Any, host: rehearsal.Host, on: Callable[..., str]) -> Iterator[int]:
    """Another port of the host where an SSH server listens; Debian 13's wouldn't answer after a few wrong keys."""
    patience = "$(sshd -T | grep -q ^persourcepenalties && echo -o PerSourcePenalties=no)"
    on(host, f"systemd-run --quiet --unit=second-sshd /usr/sbin/sshd -D -p {PORT} {patience}")
    yield PORT
    on(host, "systemctl stop second-sshd")


@pytest.fixture
def config(host: rehearsal.Host, second_port: int, tmp_path: Path) -> str:
    """ssh's arguments that name a configuration: an alias with a port, and one that goes through it."""
    options = f"""
        User {host.user}
        HostName {host.address}
        HostKeyAlias {host.address}
        IdentityFile {rehearsal.key()}
        UserKnownHostsFile "{rehearsal.known_hosts(host.name)}"
    """
    file = tmp_path / "config"
    file.write_text(f"Host web\n{options}\nPort {second_port}\nHost behind\n{options}\nProxyJump web\n")
    return f"-F {shlex.quote(str(file))}"


def deploy(
    command: str, host: rehearsal.Host, inventory: dict[str, Any], **settings: str
) -> subprocess.CompletedProcess[str]:
    """Run a command for an inventory of one host."""
    write(host, inventory)
    arguments = [sys.executable, "-m", "deploy", *command.split(), str(INVENTORY)]
    run = subprocess.run(arguments, cwd=KIT, capture_output=True, text=True, env=os.environ | settings)
    assert "Traceback" not in run.stdout + run.stderr
    return run


def write(host: rehearsal.Host, inventory: dict[str, Any]) -> None:
    """Write the inventory, of the host that `name` names."""
    name = inventory.pop("name", "web1")
    INVENTORY.write_text(json.dumps({"all": {"hosts": {name: {"ansible_user": host.user} | inventory}}}))


def direct(host: rehearsal.Host, known_hosts: Path, **more: Any) -> dict[str, Any]:
    """Return the inventory of a host whose connection isn't one that an earlier command left open."""
    arguments = f"-o ControlPath=none -o UserKnownHostsFile={shlex.quote(str(known_hosts))}"
    return {"ansible_host": host.address, "ansible_ssh_common_args": arguments} | more


def patient(host: rehearsal.Host, port: int, **more: Any) -> dict[str, Any]:
    """Return the inventory of a host whose second SSH server is asked, with wrong keys too."""
    inventory = direct(host, rehearsal.known_hosts(host.name), ansible_port=port, **more)
    inventory["ansible_ssh_common_args"] += f" -o HostKeyAlias={host.address}"
    return inventory


@pytest.mark.parametrize(("alias", "jump"), [("web", ""), ("behind", "web")])
def test_alias_and_a_host_between(host, config, alias, jump):
    run = deploy("status --json", host, {"name": alias, "ansible_ssh_common_args": config})
    (facts,) = json.loads(run.stdout)["hosts"]
    assert (facts["address"], facts["jump"]) == (host.address, jump)


def test_host_tests_go_through_the_host_between(host, config):
    write(host, {"name": "behind", "ansible_ssh_common_args": config})
    tests = ["tests/host/test_unit.py", "-k", "sandboxed or socket"]  # whatever options the current release has
    command = [tool("python"), "-m", "pytest", "-q", *tests, "--inventory", str(INVENTORY)]
    run = subprocess.run(command, cwd=KIT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout


def test_home_too_deep_for_a_socket(host, tmp_path):
    deep = tmp_path / ("d" * 60)
    deep.mkdir()
    known_hosts = f"-o UserKnownHostsFile={shlex.quote(str(rehearsal.known_hosts(host.name)))}"
    facts = {"ansible_ssh_private_key_file": str(rehearsal.key()), "ansible_ssh_common_args": known_hosts}
    assert deploy("status", host, {"ansible_host": host.address} | facts, HOME=str(deep)).stderr == ""


def test_host_key_seen_for_the_first_time_is_shown_and_how_to_accept_it(host, on, second_port, tmp_path):
    known_hosts = tmp_path / "known_hosts"
    own = {"ansible_ssh_private_key_file": str(rehearsal.key()), "ansible_port": second_port}
    run = deploy("doctor", host, direct(host, known_hosts, **own))
    assert (
        "web1: can't be reached: Host key verification failed.\nThis machine sees its key for the first" in run.stderr
    )
    assert fingerprint(host, on) in run.stderr
    (accept,) = re.findall(r"accept it: (ssh .*)", run.stderr)
    accept = accept.replace("StrictHostKeyChecking=ask", "StrictHostKeyChecking=accept-new")  # nobody types yes here
    assert subprocess.run([*shlex.split(accept), "true"]).returncode == 0
    name = f"[{host.address}]:{second_port}"
    assert subprocess.run(["ssh-keygen", "-F", name, "-f", known_hosts], capture_output=True).returncode == 0
    assert "first time" not in deploy("doctor", host, direct(host, known_hosts, **own)).stderr


def test_host_key_that_has_changed_is_forgotten_by_the_line_that_is_shown(host, on, second_port, tmp_path):
    known_hosts = tmp_path / "known_hosts"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "other"], check=True)
    known_hosts.write_text(f"[{host.address}]:{second_port} {(tmp_path / 'other.pub').read_text()}")
    run = deploy("status", host, direct(host, known_hosts, ansible_port=second_port))
    assert f"web1: can't be reached: Host key for [{host.address}]:{second_port} has changed" in run.stderr
    assert "somebody is in between" in run.stderr
    assert fingerprint(host, on) in run.stderr
    (forget,) = re.findall(r"Only if they are the same: (ssh-keygen .*)", run.stderr)
    subprocess.run(shlex.split(forget), check=True, capture_output=True)
    assert known_hosts.read_text() == ""


def fingerprint(host: rehearsal.Host, on: Callable[..., str]) -> str:
    """Return what the host's own console prints."""
    return on(host, "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub").split()[1]


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[str]:
    """The socket of an agent that holds more keys than a server lets a client try, none of them the right one."""
    path = tmp_path / "agent"
    process = subprocess.Popen(["ssh-agent", "-D", "-a", path], stdout=subprocess.PIPE, text=True)
    process.stdout.readline()
    for number in range(KEYS):
        key = tmp_path / f"key{number}"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
        subprocess.run(["ssh-add", "-q", key], check=True, env=os.environ | {"SSH_AUTH_SOCK": str(path)})
    yield str(path)
    process.terminate()
    process.communicate()


def test_key_that_ssh_does_not_take(host, second_port, tmp_path):
    key = tmp_path / "key"
    named = patient(host, second_port, ansible_ssh_private_key_file=str(key))
    assert f"names a key that isn't there: {key} " in deploy("status", host, dict(named)).stderr
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    refused = deploy("status", host, dict(named)).stderr
    assert "Permission denied" in refused
    assert f"check ansible_user and the key, then: ssh {named['ansible_ssh_common_args']} " in refused
    key.write_bytes(rehearsal.key().read_bytes())  # one that the server would take
    key.with_suffix(".pub").unlink()
    key.chmod(0o644)
    assert f"ssh ignores a key that others may read: chmod 600 {key}" in deploy("status", host, dict(named)).stderr


def test_agent_with_more_keys_than_a_server_tries(host, second_port, agent):
    run = deploy("status", host, patient(host, second_port), SSH_AUTH_SOCK=agent)
    assert re.search(r"^web1: can't be reached: .*Too many authentication failures", run.stderr, re.M), run.stderr
    assert "name the right one as ansible_ssh_private_key_file" in run.stderr
    named = patient(host, second_port, ansible_ssh_private_key_file=str(rehearsal.key()))
    assert deploy("status", host, named, SSH_AUTH_SOCK=agent).stderr == ""
