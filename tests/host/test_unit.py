"""The systemd unit: enabled, running as it must, its socket for Nginx alone."""

import json

import pytest

SANDBOX = {
    "NoNewPrivileges": "yes",
    "PrivateDevices": "yes",
    "PrivateTmp": "yes",
    "ProtectHome": "yes",
    "ProtectSystem": "strict",
    "CapabilityBoundingSet": "",
}


@pytest.fixture(scope="module")
def unit(host, values):
    return host.service(values["systemd_unit"])


def test_unit_runs_and_starts_at_boot(unit):
    assert unit.is_enabled
    assert unit.is_running


def test_unit_runs_as_the_application_s_user(unit, host, values):
    properties = unit.systemd_properties
    assert properties["User"] == values["app_user"]
    main = host.check_output(f"ps -o user:32=,group:32= -p {properties['MainPID']}").split()
    assert main == [values["app_user"], "www-data"]


def test_one_worker_per_core_where_none_are_named(unit, host, values):
    workers = host.check_output(f"pgrep --count --parent {unit.systemd_properties['MainPID']}")
    assert int(workers) == (values["gunicorn_workers"] or int(host.check_output("nproc")))


@pytest.mark.parametrize(("name", "value"), SANDBOX.items())
def test_unit_is_sandboxed(unit, name, value):
    assert unit.systemd_properties.get(name, "") == value


def test_unit_can_do_what_its_file_says(host, values):
    said = host.run(f"systemd-analyze verify /etc/systemd/system/{values['systemd_unit']}.service")
    assert (said.rc, said.stderr) == (0, "")


def test_nothing_was_changed_behind_systemd(unit):
    assert unit.systemd_properties["NeedDaemonReload"] == "no"


def test_libraries_use_one_thread_per_worker(unit, host):
    environment = host.check_output(f"tr '\\0' '\\n' < /proc/{unit.systemd_properties['MainPID']}/environ")
    assert "OMP_NUM_THREADS=1" in environment.splitlines()


def test_process_runs_the_configuration_on_the_disk(ask, values, environment):
    health = json.loads(ask("/health", socket=values["gunicorn_socket"]).body)
    assert health["configuration"] == environment["APP_FINGERPRINT"]


def test_socket_is_for_the_application_and_nginx(host, values):
    socket = host.file(values["gunicorn_socket"])
    assert socket.is_socket
    assert (socket.user, socket.group, socket.mode) == (values["app_user"], "www-data", 0o660)
    folder = host.file(values["gunicorn_socket"].rpartition("/")[0])
    assert (folder.user, folder.group, folder.mode) == (values["app_user"], "www-data", 0o750)
