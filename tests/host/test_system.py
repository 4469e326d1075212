"""Packages, users, folders and their modes, and who listens."""

import re
import shlex

import pytest
import yaml

from deploy.base.paths import KIT
from tests import plugins

ROLE = yaml.safe_load((KIT / "ansible" / "roles" / "app" / "tasks" / "main.yml").read_text())
(FOLDERS,) = (task["loop"] for task in ROLE if "ansible.builtin.file" in task)
"""Of the application's: name, group, mode."""

SITE = (KIT / "nginx" / "site.j2").read_text()
(HTTP,), (HTTPS,) = (set(map(int, re.findall(rf"^\s*listen (\d+){tls};", SITE, re.M))) for tls in ("", " ssl"))
PLUGIN = plugins.load("puerto_release")
LOOPBACK = ("127.", "[::1]")


def test_packages_are_installed(host, values):
    assert [name for name in values["__packages_needed"] if not host.package(name).is_installed] == []


def test_application_has_a_user_without_shell_or_home(host, values):
    user = host.user(values["app_user"])
    assert user.exists
    assert user.shell == "/usr/sbin/nologin"
    assert user.groups == [values["app_user"]]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder["name"] or "root")
def test_folder(host, values, folder):
    path = host.file(f"{values['app_root']}/{folder['name']}")
    assert path.is_directory
    assert (path.user, path.group, path.mode) == ("root", folder["group"], int(folder["mode"], 8))


def test_settings_are_roots_alone(host, values):
    file = host.file(f"{values['app_root']}/shared/.env")
    assert (file.user, file.group, file.mode & 0o077) == ("root", "root", 0)


def test_settings_are_those_of_the_inventory(environment, values):
    expected = PLUGIN.settings(values.__getitem__)
    compared = [*PLUGIN.FIXED, "APP_MAX_BODY_KIB", "GUNICORN_WORKERS"]  # a release may have had others by -e
    assert {name: environment.get(name) for name in compared} == {name: expected[name] for name in compared}
    assert re.fullmatch(r"\w{64}", environment["SECRET_KEY"])


def test_application_owns_nothing_of_what_it_runs(host, values):
    owned = host.check_output(f"find {values['app_root']} -user {values['app_user']} -o -perm /022 ! -type l")
    assert owned == ""


def test_nginx_reads_static_files_and_nothing_else(host, values):
    current = f"{values['app_root']}/current"
    as_nginx = "setpriv --reuid=www-data --regid=www-data --init-groups test -r"
    assert host.run(f"{as_nginx} {current}/app/static/style.css").rc == 0
    for private in (
        f"{current}/wsgi.py",
        f"{current}/bundles",
        f"{values['app_root']}/shared/.env",
        f"{current}/.env",
        f"{values['app_root']}/shared/deploys.jsonl",
    ):
        assert host.run(f"{as_nginx} {private}").rc == 1, private


def test_only_ssh_nginx_and_what_the_operator_named_listen(host, values):
    sockets = host.check_output("ss --tcp --listening --numeric --no-header --processes")
    addresses = [columns[3].rpartition(":") for columns in map(str.split, sockets.splitlines())]
    public = {int(port) for address, _, port in addresses if not address.startswith(LOOPBACK)}
    site = {HTTP} if values["__nginx_https"] == "off" else {HTTP, HTTPS}
    assert public <= {*site, *ssh_ports(host), *values["verify_open_ports"]}, sockets


def ssh_ports(host):
    """Return where the host's own SSH server listens: the inventory's port may be a router's that leads there."""
    settings = host.check_output("sshd -T")
    socket = host.run("systemctl is-active --quiet ssh.socket && systemctl show ssh.socket --property=Listen").stdout
    ports = re.findall(r"^listenaddress .*:(\d+)$", settings, re.M) + re.findall(r":(\d+) \(Stream\)", socket)
    return set(map(int, ports))


LOCKED_AND_INSTALLED = """
import importlib.metadata, json
lock = json.load(open("Pipfile.lock"))
for name, package in (lock["default"] | lock.get("model-packages", {})).items():
    print(name, package["version"].removeprefix("=="), importlib.metadata.version(name))
"""


def test_virtualenv_holds_what_the_lock_says(host, values):
    command = f"cd {values['app_root']}/current && .venv/bin/python -c {shlex.quote(LOCKED_AND_INSTALLED)}"
    packages = [line.split() for line in host.check_output(command).splitlines()]
    assert len(packages) > 10
    assert [name for name, locked, installed in packages if locked != installed] == []
