"""What is refused on a fresh host before anything changes there, and what a rehearsal without changes says."""

import json
import re
import subprocess
import sys
from collections.abc import Callable

import pytest

from deploy.base.paths import KIT
from deploy.rehearsal import hosts as rehearsal
from tests.site.common import scratch
from tests.site.hosts import Hosts

pytestmark = pytest.mark.debian(13)

FOOTPRINT = """ls -d {app_root} /etc/systemd/system/{systemd_unit}.service 2>/dev/null
    id -u {app_user} 2>/dev/null; true"""
"""Prints what any change would have left behind."""


def deploy(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the operator's command."""
    return subprocess.run([sys.executable, "-m", "deploy", *arguments], cwd=KIT, capture_output=True, text=True)


def inventory(hosts: Hosts, **values: object) -> str:
    """Write an inventory of the hosts, with values of its own, and return its path."""
    data = json.loads(rehearsal.inventory(list(hosts.by_name.values())))
    for host in data["all"]["hosts"].values():
        host |= values
    path = scratch("fresh.yml")
    path.write_text(json.dumps(data, indent=2))
    return str(path)


def close_connections(host: rehearsal.Host) -> None:
    """End the connections that Ansible keeps open, which need no key any more."""
    command = ["ssh", "-o", "ControlPath=~/.ansible/cp/%C", "-O", "exit", "-l", host.user, "-p", "22", host.address]
    subprocess.run(command, capture_output=True)


@pytest.fixture
def footprint(fresh: Hosts, on: Callable[..., str]) -> Callable[[], str]:
    """What a run has left on the hosts."""
    return lambda: "".join(on(host, FOOTPRINT.format_map(fresh.values[name])) for name, host in fresh.by_name.items())


def test_a_rehearsal_without_changes_passes_and_changes_nothing(fresh, footprint):
    play = fresh.play("--check", "--diff")
    assert play.status == 0, play.output
    assert min(play.changed.values()) > 5, "it must say what it would do"
    assert footprint() == ""


REFUSED = [
    (
        {"nginx_server_nmes": ["x"], "gunicorn_workers": "many"},
        [
            "fresh.yml: nginx_server_nmes: is not one of Puerto's options; did you mean",
            "gunicorn_workers: argument 'gunicorn_workers' is of type str",
        ],
    ),
    (
        {"nginx_server_names": ["no host; name"], "app_default_model": "churn", "app_root": "here",
         "release_after_switch": "hooks/none.yml"},
        [
            "nginx_server_names: 'no host; name' is not a host name, e.g.",
            "app_default_model: there is no model churn; there are: diabetes, exam",
            "app_root: 'here' is not an absolute path",
            "release_after_switch: there is no file ",
        ],
    ),
    (
        {"preflight_disk_mib": 10**8, "preflight_memory_mib": 10**7},
        [
            "MiB of disk space are free in /var; 100000000 are needed (preflight_",
            "MiB of memory; 10000000 are needed (preflight_memory_mib).",
        ],
    ),
]  # fmt: skip
"""Values → the sentences of one run: all that is wrong is told at once. (Others: tests/unit/host/test_preflight.)"""


@pytest.mark.parametrize(("values", "sentences"), REFUSED, ids=["names and types", "values", "the host"])
def test_what_cannot_work_is_refused_in_a_sentence(fresh, footprint, values, sentences):
    run = deploy("up", inventory(fresh, **values))
    assert run.returncode == 1
    assert [sentence for sentence in sentences if sentence not in run.stderr] == [], run.stderr
    assert "Traceback" not in run.stdout + run.stderr
    assert footprint() == ""


@pytest.mark.parametrize(
    ("name", "version", "pretty"),
    [("ubuntu", "24.04", "Ubuntu 24.04 LTS"), ("debian", "11", "Debian GNU/Linux 11 (bullseye)")],
)
def test_another_system_is_refused(fresh, on, footprint, name, version, pretty):
    for host in fresh.by_name.values():
        on(
            host,
            f"""cp --remove-destination /usr/lib/os-release /etc/os-release
            printf 'ID={name}\\nVERSION_ID="{version}"\\nPRETTY_NAME="{pretty}"\\n' > /etc/os-release""",
        )
    try:
        run = deploy("up", inventory(fresh))
    finally:
        for host in fresh.by_name.values():
            on(host, "ln -sf ../usr/lib/os-release /etc/os-release")
    assert run.returncode == 1
    assert run.stderr.count(f"It runs {pretty}; Puerto needs Debian 12 or 13.") == len(fresh.by_name)
    assert footprint() == ""


def test_each_of_several_hosts_is_named(fresh, another, on, footprint):
    (host,) = fresh.by_name.values()
    both = Hosts({host.name: host, another.name: another}, fresh.inventory)
    run = deploy("up", inventory(both, preflight_memory_mib=10**7))
    assert run.returncode == 1
    for name in both.by_name:
        assert re.search(rf"^{name}: .*; 10000000 are needed", run.stderr, re.M), run.stderr
    assert footprint() == on(another, FOOTPRINT.format_map(fresh.values[host.name])) == ""


def test_host_that_does_not_answer(fresh):
    run = deploy("up", inventory(fresh, ansible_port=2222))
    assert run.returncode == 1
    for name in fresh.by_name:
        assert f"{name}: can't be reached: ssh: connect to host" in run.stderr
    assert "nothing listens on port 2222" in run.stderr
    assert "Log: " in run.stderr


def test_verifying_a_host_that_does_not_answer(fresh):
    run = deploy("verify", inventory(fresh, ansible_port=2222))
    assert run.returncode == 1
    assert run.stderr.startswith(f"{min(fresh.by_name)}: can't be reached: ssh: connect to host")
    assert "Traceback" not in run.stdout + run.stderr


def test_key_that_is_not_known(fresh, tmp_path):
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "key")], check=True)
    for host in fresh.by_name.values():
        close_connections(host)
    run = deploy("up", inventory(fresh, ansible_ssh_private_key_file=str(tmp_path / "key")))
    assert run.returncode == 1
    assert "Permission denied" in run.stderr
    assert "check ansible_user and the key" in run.stderr


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({}, "sudo asks for a password: add --ask-become-pass, or allow sudo without one (NOPASSWD)"),
        ({"ansible_become_password": "wrong"}, "sudo refused the password"),
        ({"ansible_become_password": "right"}, "has no right to use sudo"),
        ({"ansible_become": False}, "This user is not root on the host; set ansible_become: true"),
    ],
)
def test_user_without_sudo(fresh, on, footprint, values, sentence):
    for host in fresh.by_name.values():
        on(
            host,
            """id visitor >/dev/null 2>&1 || useradd --create-home visitor; echo visitor:right | chpasswd
            rm -rf ~visitor/.ssh; cp -r ~root/.ssh ~visitor; chown -R visitor: ~visitor/.ssh""",
        )
    run = deploy("up", inventory(fresh, ansible_user="visitor", **values))
    assert run.returncode == 1
    assert all(any(line.startswith(f"{name}: ") and sentence in line for line in run.stderr.splitlines())
               for name in fresh.by_name), run.stderr  # fmt: skip
    assert footprint() == ""


def test_inventory_that_cannot_be_read(tmp_path):
    broken = tmp_path / "hosts.yml"
    broken.write_text("all: [")
    run = deploy("up", str(broken))
    assert run.returncode == 1
    assert f"Completely failed to parse inventory source {broken}" in run.stderr


def test_environment_that_is_not_there():
    run = deploy("verify", "prodution")
    assert run.returncode == 2
    assert "prodution: no such environment; the existing ones are: example" in run.stderr
