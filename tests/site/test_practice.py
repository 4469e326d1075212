"""The practice's pages: what they name is on a provisioned host, and what is typed there shows what they say."""

import re
import shlex
from urllib.parse import urlsplit

import pytest
import requests

from deploy.rehearsal import hosts as rehearsal
from tests import practice
from tests.site.common import current
from tests.site.hosts import Hosts

pytestmark = pytest.mark.debian(13)

ELSEWHERE = {
    "/var/www/practica_flask/flask_app.sock",  # where the practice by hand has its socket
    "/var/backups/puerto/",  # made by adopt
}
"""Paths that the pages name and that a host set up by Puerto doesn't have."""


@pytest.fixture(scope="module")
def visited(hosts: Hosts, host: rehearsal.Host) -> rehearsal.Host:
    """The host, which somebody has just visited."""
    name = hosts.values[host.name]["nginx_server_names"][0]
    assert requests.get(f"http://{host.address}/", headers={"Host": name}, timeout=5).ok
    return host


def pattern(output: str) -> str:
    """Return a pattern for what a page shows, in which … stands for anything in a line, or for lines."""
    lines = output.splitlines()
    return "".join("(.*\n)+" if line == "…" else re.escape(line).replace("…", ".*") + "\n" for line in lines)


@pytest.mark.parametrize("commands", practice.typed(), ids=lambda commands: commands.splitlines()[0])
def test_commands_show_what_the_pages_say(visited, on, commands):
    outputs = [on(visited, command) for command in commands.splitlines()]
    assert all(outputs), commands
    shown = re.sub(r"^ +|(?<= ) +", "", "".join(outputs), flags=re.M)
    assert re.fullmatch(pattern(practice.typed()[commands]), shown), shown


def test_names_are_those_of_the_inventory(hosts, host):
    values = hosts.values[host.name]
    named = {values[option] for option in ("app_name", "app_root", "app_user", "nginx_access_log", "nginx_error_log")}
    named |= {f"{values['systemd_unit']}.service", *(f"http://{name}" for name in values["nginx_server_names"])}
    assert sorted(named - practice.code()) == []


def test_paths_are_there(host, on):
    paths = {span for span in practice.code() if re.fullmatch(r"/[\w./-]+", span)}
    tests = [f"test -e {shlex.quote(path)} || echo {shlex.quote(path)}" for path in sorted(paths)]
    assert {*on(host, "\n".join(tests)).splitlines()} == ELSEWHERE


def test_units_are_there(hosts, host, on):
    release = current(hosts, on)[host.name]
    units = {span.replace("<id>", release) for span in practice.code() if re.fullmatch(r"[\w<>-]+\.service", span)}
    assert len(units) >= 3
    assert on(host, f"systemctl show --property=LoadState --value {' '.join(units)}").split() == ["loaded"] * len(units)


def test_users_and_groups_are_there(hosts, host, on):
    assert practice.accounts() == {hosts.values[host.name]["app_user"], "www-data"}
    for name in practice.accounts():
        assert on(host, f"getent passwd {name} && getent group {name}")


def test_addresses_answer(hosts, host):
    addresses = {urlsplit(span) for span in practice.code() if span.startswith("http://") and span != "http://"}
    assert {address.hostname for address in addresses} == {*hosts.values[host.name]["nginx_server_names"]}
    for address in addresses:
        site = {"Host": address.netloc}
        assert requests.get(f"http://{host.address}{address.path}", headers=site, timeout=5).ok, address.geturl()
