"""How a host is reached: what ssh makes of an inventory, what is printed then, what is said if it can't be."""

import io
import shlex
import socket
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from puerto.http_client import HOST_ITSELF

from deploy.base.console import Console
from deploy.cli import output
from deploy.cli.doctor import host_findings
from deploy.environments import connections, unreachable
from deploy.environments.connections import Connection

CONFIG = """
Host web
  HostName 127.0.0.1
Host behind
  HostName 192.0.2.7
  User ana
  Port 2022
  ProxyJump jump.example.org
Host through
  ProxyCommand nc %h %p
Host nowhere
  HostName nowhere.invalid
"""


@pytest.fixture
def config(tmp_path: Path) -> str:
    """The arguments of ssh that name a configuration with aliases."""
    file = tmp_path / "ssh config"
    file.write_text(CONFIG)
    return f"-F '{file}'"


@pytest.fixture
def console() -> Iterator[Console]:
    """A console that writes to memory."""
    console = Console("test", io.StringIO())
    yield console
    console.log.close()


def report(connection: Connection) -> dict:
    """Return what a run reports about a host, with what its connection says."""
    release = {"id": "0123456789ab"}
    facts = {
        "url": "http://site.example/",
        "server_names": ["site.example"],
        "default_model": "",
        "faults": [],
        "findings": [],
    }
    return connections.reached(facts | {"address": connection.address, "release": release}, connection)


@pytest.mark.parametrize(
    ("alias", "host", "port", "jump"),
    [
        ("web", "127.0.0.1", "22", ""),
        ("behind", "192.0.2.7", "2022", "jump.example.org"),
        ("through", "through", "22", "nc %h %p"),
        ("192.0.2.1", "192.0.2.1", "22", ""),
    ],
)
def test_alias_is_what_ssh_makes_of_it(config, alias, host, port, jump):
    connection = Connection(alias, arguments=config)
    assert (connection.host, connection.ssh_port, connection.jump) == (host, port, jump)


@pytest.mark.parametrize("arguments", ["-J jump", "-o ProxyJump=jump"])
def test_jump_host_of_the_inventory(arguments):
    assert Connection("192.0.2.1", arguments=arguments).jump == "jump"


def test_forwarded_port_of_this_machine_is_no_way_to_the_site():
    assert Connection("127.0.0.1", port="2222").jump == "port 2222 of this machine"
    assert Connection("127.0.0.1").jump == Connection("192.0.2.1", port="2222").jump == ""


def test_command_has_all_that_the_inventory_says():
    connection = Connection("192.0.2.1", "ana", "2222", "/home/a b/key", "-o 'UserKnownHostsFile=\"/a b\"'")
    assert shlex.split(connection.command) == [
        "ssh", "-o", 'UserKnownHostsFile="/a b"', "-p", "2222", "-i", "/home/a b/key", "ana@192.0.2.1",
    ]  # fmt: skip
    assert connection.settings["userknownhostsfile"] == "/a b"


def test_hosts_line_of_an_alias_has_its_address(monkeypatch, console, bundles, config):
    monkeypatch.setattr(output, "BUNDLES", bundles)
    output.show_address(console, report(Connection("web", arguments=config)), "changed=0")
    printed = console.stream.getvalue()
    assert "/etc/hosts   127.0.0.1 site.example\n" in printed
    assert "--resolve site.example:80:127.0.0.1 http://site.example/modelo" in printed
    assert "tunnel" not in printed


@pytest.mark.parametrize("alias", ["behind", "nowhere"])
def test_site_that_this_machine_may_not_reach_is_reached_by_a_tunnel(monkeypatch, console, bundles, config, alias):
    monkeypatch.setattr(output, "BUNDLES", bundles)
    output.show_address(console, report(Connection(alias, arguments=config)), "changed=0")
    printed = console.stream.getvalue()
    assert f"tunnel       ssh -N -L 8080:{HOST_ITSELF}:80 {config} {alias}\n" in printed
    assert "--resolve site.example:8080:127.0.0.1 http://site.example:8080/modelo" in printed
    hosts_line = (
        "/etc/hosts   192.0.2.7 site.example (SSH goes through jump.example.org: that address may not lead there)"
    )
    assert (hosts_line in printed) == (alias == "behind")
    assert ("/etc/hosts" in printed) == (alias == "behind")


def test_another_site_at_the_address_of_a_host_behind_another_is_no_fault(monkeypatch, console):
    monkeypatch.setattr(output, "SWITCH_SECONDS", 0.1)
    monkeypatch.setattr(output, "_release_at", lambda *_: "")
    output.check_from_here(console, report(Connection("127.0.0.1", arguments="-J jump")))
    assert "that isn't a release of this site (SSH goes through jump: " in console.stream.getvalue()


def test_doctor_cannot_tell_where_a_name_leads_behind_another_host():
    names = {"server_names": ["localhost", "nowhere.invalid"]}
    known, unknown = host_findings(report(Connection("192.0.2.1", arguments="-J jump")) | names)
    assert known.good
    assert known.observation.endswith("whether that is this host can't be told: SSH goes through jump")
    assert not unknown.good
    assert unknown.advice.endswith("must say: the address by which visitors reach this host nowhere.invalid")


def message(*options: str) -> str:
    """Return what ssh says."""
    command = ["ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=1", *options]
    return subprocess.run(command, capture_output=True, text=True).stderr


def test_refused_connection_names_the_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = str(taken.getsockname()[1])
        reason, advice = unreachable.explain(message("-p", port, "127.0.0.1"), Connection("127.0.0.1", port=port))
        lost = unreachable.explain("Data could not be sent to remote host", Connection("127.0.0.1", port=port))
    assert reason == f"ssh: connect to host 127.0.0.1 port {port}: Connection refused"
    assert f"nothing listens on port {port}" in advice
    assert lost == (reason, advice)


def test_name_that_does_not_resolve():
    reason, advice = unreachable.explain(message("nowhere.invalid"), Connection("nowhere.invalid"))
    assert reason.startswith("ssh: Could not resolve hostname nowhere.invalid")
    assert advice == "Its name doesn't resolve to an address: check ansible_host, nowhere.invalid"


def test_port_of_something_else():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port = str(listening.getsockname()[1])
        reason, advice = unreachable.explain(message("-p", port, "127.0.0.1"), Connection("127.0.0.1", port=port))
    assert "during banner exchange" in reason
    assert advice.startswith(f"Something listens on port {port}, but doesn't answer as an SSH server does")


@pytest.mark.parametrize("is_reset", [False, True])
def test_connection_that_ends_before_any_key(is_reset):
    """As one does that comes from an address which PerSourcePenalties makes wait."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port = str(listening.getsockname()[1])
        command = ["ssh", "-o", "BatchMode=yes", "-p", port, "127.0.0.1"]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as client:
            visitor, _ = listening.accept()
            visitor.recv(100)
            if is_reset:
                visitor.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            visitor.close()
            stderr = client.stderr.read()
    reason, advice = unreachable.explain(stderr, Connection("127.0.0.1", port=port))
    assert reason.startswith("kex_exchange_identification: "), stderr
    assert "after failed logins (PerSourcePenalties, fail2ban)" in advice


def test_what_is_not_known_gets_no_advice():
    reason = "kex_exchange_identification: read: something else"
    assert unreachable.explain(reason, Connection("192.0.2.1")) == (reason, "")
    assert unreachable.explain(reason, None) == (reason, "")
