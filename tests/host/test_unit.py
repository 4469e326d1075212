"""The systemd unit: enabled, running as it must, its socket for Nginx alone."""

import json
import re
import shlex
from typing import Any

import pytest
from puerto.layout import ID, UNITS
from puerto.sandbox import LOST
from testinfra.host import Host
from testinfra.modules.service import Service

from app import gunicorn_conf
from deploy.base.paths import KIT

TEMPLATE = (KIT / "systemd" / "flask_app.service.j2").read_text()
SANDBOX = dict(re.findall(r"^(\w+)=(.*)$", TEMPLATE.partition("\n# The sandbox:")[2], re.M))
THREADS = re.findall(r"\w+_NUM_THREADS=\d+", TEMPLATE)
RUN = "systemd-run --quiet --wait --pipe --collect"
SHOWN = {"true": "yes", "any": "::/0 0.0.0.0/0"}
"""A value in a unit's file → how systemctl shows it."""


def in_template(key: str) -> str:
    """Return what the unit's template says for a key."""
    return re.findall(rf"^{key}=(.*)$", TEMPLATE, re.M)[0]


@pytest.fixture(scope="module")
def unit(host: Host, values: dict[str, Any]) -> Service:
    return host.service(values["systemd_unit"])


def test_unit_runs_and_starts_at_boot(host, unit, values, release):
    assert host.service(f"{values['systemd_unit']}-boot").is_enabled
    assert unit.is_running
    assert unit.systemd_properties["Id"] == f"{values['systemd_unit']}-{release}.service"


def test_unit_runs_as_the_application_s_user(unit, host, values):
    properties = unit.systemd_properties
    assert properties["User"] == values["app_user"]
    main = host.check_output(f"ps -o user:32=,group:32= -p {properties['MainPID']}").split()
    assert main == [values["app_user"], in_template("Group")]


def test_one_worker_per_core_where_none_are_named(unit, host, values):
    workers = host.check_output(f"pgrep --count --parent {unit.systemd_properties['MainPID']}")
    assert int(workers) == (values["gunicorn_workers"] or int(host.check_output("nproc")))


@pytest.fixture(scope="module")
def sandbox(host: Host, values: dict[str, Any], release: str) -> dict[str, str]:
    """The template's sandbox, without what this very host can't set up, if it is a container: it is tried there."""
    assert SANDBOX, "the template has no part that begins with # The sandbox:"
    file = host.file(f"{UNITS}/{values['systemd_unit']}-{release}.service").content_string
    lost = {line.removeprefix(LOST).partition("=")[0] for line in file.splitlines() if line.startswith(LOST)}
    impossible = {
        name for name in lost if host.run(f"{RUN} --property=User=nobody --property={name}={SANDBOX[name]} true").failed
    }
    return {name: value for name, value in SANDBOX.items() if name not in impossible}


def test_unit_is_sandboxed(unit, sandbox):
    properties = unit.systemd_properties
    loaded = {name: set(properties.get(name, "").split()) for name in sandbox}
    assert loaded == {name: set(SHOWN.get(value, value).split()) for name, value in sandbox.items()}


@pytest.mark.parametrize("kind", ["boot", "release"])
def test_unit_can_do_what_its_file_says(host, values, release, kind):
    name = f"{values['systemd_unit']}-{'boot' if kind == 'boot' else release}"
    verified = host.run(f"systemd-analyze verify --man=no {UNITS / name}.service")
    assert [line for line in verified.stderr.splitlines() if name in line] == [], "it names other units' faults too"


def test_nothing_was_changed_behind_systemd(unit):
    assert unit.systemd_properties["NeedDaemonReload"] == "no"


def test_libraries_use_one_thread_per_worker(unit, host):
    environment = host.check_output(f"tr '\\0' '\\n' < /proc/{unit.systemd_properties['MainPID']}/environ")
    assert THREADS and set(THREADS) <= set(environment.splitlines())


def test_process_runs_the_release_and_the_settings_on_the_disk(host, ask, unit, release, socket, environment):
    assert json.loads(ask("/health", socket=socket).body)["release"] == release
    variables = host.check_output(f"tr '\\0' '\\n' < /proc/{unit.systemd_properties['MainPID']}/environ").splitlines()
    assert {f"{name}={value}" for name, value in environment.items()} <= set(variables)


def test_socket_is_for_the_application_and_nginx(host, values, socket):
    owners = (values["app_user"], in_template("Group"))
    file, folder = host.file(socket), host.file(socket.rpartition("/")[0])
    assert file.is_socket
    assert (file.user, file.group, file.mode) == (*owners, 0o777 & ~gunicorn_conf.umask)
    assert (folder.user, folder.group, folder.mode) == (*owners, int(in_template("RuntimeDirectoryMode"), 8))
    assert host.file(f"{values['app_root']}/current/{values['systemd_unit']}.sock").linked_to == socket


def test_releases_that_run_are_the_current_one_the_one_before_and_those_about_to_stop(host, values, release):
    name = values["systemd_unit"]
    listed = host.check_output(f"systemctl list-units --plain --no-legend --state=active '{name}-*'")
    before = host.run(f"readlink {values['app_root']}/previous").stdout.strip().rpartition("/")[2]
    about_to_stop = set(re.findall(rf"^{name}-(?:drain|retire)-({ID.pattern})\.timer", listed, re.M))
    running = set(re.findall(rf"^{name}-({ID.pattern})\.service", listed, re.M))
    assert release in running <= {release, before} | about_to_stop
    assert release not in about_to_stop


OPEN_SOCKETS = """
import socket
for family in (socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK, socket.AF_PACKET, socket.AF_UNIX):
    try:
        socket.socket(family, socket.SOCK_DGRAM).close()
        print(family.name)
    except OSError:
        pass
"""


def test_process_of_the_unit_opens_no_network(unit, host, sandbox):
    """A process with what systemd has loaded of the unit's sandbox, beside one without it: that one can."""
    properties = unit.systemd_properties
    names = ("RestrictAddressFamilies", "NoNewPrivileges", "User")
    options = " ".join(
        f"--property={name}={shlex.quote(properties[name])}" for name in names if name in sandbox or name == "User"
    )
    program = f"/usr/bin/python3 -c {shlex.quote(OPEN_SOCKETS)}"
    assert "AF_INET" in host.check_output(f"{RUN} {program}").split()
    families = host.check_output(f"{RUN} {options} {program}").split()
    assert families == ["AF_UNIX"] or "RestrictAddressFamilies" not in sandbox


def test_workers_and_their_parent_filter_their_calls(unit, host, sandbox):
    """What runs has the sandbox that systemd has loaded: mode 2 is a filter of system calls."""
    main = unit.systemd_properties["MainPID"]
    modes = host.check_output(f"cat /proc/{main}/status $(pgrep --parent {main} | sed 's:.*:/proc/&/status:')")
    filters = re.findall(r"^Seccomp:\s*(\d)", modes, re.M)
    assert len(filters) >= 2
    assert set(filters) == {"2"} or "RestrictAddressFamilies" not in sandbox, "a container may not be able to"
