"""Provisioned hosts: the second run, the host tests and whether they can fail, a reboot."""

import json
import subprocess
import sys
import time
import urllib.request

import pytest

from deploy.project import ROOT

BREAKAGES = {
    "folder's mode": ("chmod 0777 /var/www/practica_flask/shared", "test_folder"),
    "settings' mode": ("chmod 0644 /var/www/practica_flask/shared/.env", "test_settings_are_roots_alone"),
    "code given away": ("chown flask_app /var/www/practica_flask/current/wsgi.py", "test_application_owns_nothing"),
    "model for www-data": ("chmod -R o+r /var/www/practica_flask/current/bundles", "test_nginx_reads_static"),
    "user with a shell": ("usermod --shell /bin/bash flask_app", "test_application_has_a_user_without_shell"),
    "unit stopped": ("systemctl stop flask_app", "test_unit_runs_and_starts_at_boot"),
    "unit disabled": ("systemctl disable flask_app", "test_unit_runs_and_starts_at_boot"),
    "another user": (
        "mkdir -p /etc/systemd/system/flask_app.service.d; printf '[Service]\\nUser=www-data\\n'"
        " > /etc/systemd/system/flask_app.service.d/x.conf; systemctl daemon-reload; systemctl restart flask_app",
        "test_unit_runs_as_the_application",
    ),
    "no sandbox": (
        "mkdir -p /etc/systemd/system/flask_app.service.d; printf '[Service]\\nProtectSystem=no\\n'"
        " > /etc/systemd/system/flask_app.service.d/x.conf; systemctl daemon-reload",
        "test_unit_is_sandboxed",
    ),
    "socket for all": ("chmod 0666 /run/flask_app/flask_app.sock", "test_socket_is_for_the_application"),
    "default site back": (
        "ln -s /etc/nginx/sites-available/default /etc/nginx/sites-enabled/default",
        "test_default_site_is_out_of_the_way",
    ),
    "unknown hosts let in": (
        "rm /etc/nginx/conf.d/unknown_hosts.conf; systemctl reload nginx; sleep 1", "test_unknown_host_is_refused",
    ),
    "invalid Nginx": ("echo nonsense > /etc/nginx/conf.d/x.conf", "test_configuration_is_valid"),
    "log turned off": (
        "sed -i 's/access_log .*/access_log off;/' /etc/nginx/sites-available/practica_flask;"
        " systemctl reload nginx; sleep 1",
        "test_visits_are_logged",
    ),
    "a listener": (
        "systemd-run --unit=listener /usr/bin/python3 -m http.server 8099; sleep 1",
        "test_only_ssh_and_nginx_listen",
    ),
    "another release": (
        "cp -r /var/www/practica_flask/releases/$(readlink /var/www/practica_flask/current | xargs basename)"
        " /var/www/practica_flask/releases/other; ln -sfn releases/other /var/www/practica_flask/current",
        "test_release_that_answers_is_the_current_one",
    ),
    "older settings": (
        "sed -i 's/^APP_FINGERPRINT=.*/APP_FINGERPRINT=other/' /var/www/practica_flask/shared/.env",
        "test_process_runs_the_configuration_on_the_disk",
    ),
    "package removed": ("dpkg --remove --force-depends python3-venv", "test_package_is_installed"),
}  # fmt: skip
"""What is broken → the command that breaks it, and the host test that must notice."""

MENDED_BY_HAND = """rm -f /etc/nginx/conf.d/x.conf; rm -rf /etc/systemd/system/flask_app.service.d
    systemctl daemon-reload; systemctl stop listener; rm -rf /var/www/practica_flask/releases/other
    systemctl restart flask_app; true"""
"""Undoes what no run of the provisioning looks after: strangers' files and processes, and files in a release."""


BOOTED = "systemctl show --property=UserspaceTimestampMonotonic"
"""Prints what each boot of a host has of its own."""


def test_second_run_changes_nothing(hosts):
    play = hosts.play()
    assert play.status == 0, play.output
    assert play.changed == {"test12": 0, "test13": 0}, play.output


def test_rehearsal_on_a_provisioned_host_reports_nothing(hosts):
    play = hosts.play("--check", "--diff")
    assert play.status == 0, play.output
    assert play.changed == {"test12": 0, "test13": 0}, play.output


def test_host_tests_pass(hosts):
    run = hosts.verify()
    assert run.returncode == 0, run.stdout
    assert " passed" in run.stdout
    assert "skipped" not in run.stdout


@pytest.mark.parametrize("name", ["test12"])  # the same texts are tested on both; this takes minutes
def test_host_tests_notice_what_is_broken(hosts, on, name):
    """Every breakage must make its test fail, and the next run must mend it."""
    host = hosts.by_name[name]
    unnoticed = []
    for breakage, (command, test) in BREAKAGES.items():
        on(host, command)
        run = hosts.verify("-k", f"{test} and {name}")
        if run.returncode != 1 or "FAILED tests/host" not in run.stdout:
            unnoticed.append((breakage, run.stdout[-500:]))
        if breakage in ("code given away", "model for www-data", "another release"):
            on(host, "rm -rf /var/www/practica_flask/releases")  # as no run looks into a whole release
        on(host, MENDED_BY_HAND)
        mended = hosts.play("--limit", name)
        assert mended.status == 0, (breakage, mended.output)
    assert unnoticed == []
    run = hosts.verify()
    assert run.returncode == 0, run.stdout


def test_secret_key_is_kept_and_every_host_has_its_own(hosts, on):
    read = "grep SECRET_KEY /var/www/practica_flask/shared/.env"
    before = {name: on(host, read) for name, host in hosts.by_name.items()}
    assert hosts.play("-e", "gunicorn_timeout=31").status == 0
    assert {name: on(host, read) for name, host in hosts.by_name.items()} == before
    assert len(set(before.values())) == 2


def test_changed_option_reaches_the_running_process(hosts, on):
    play = hosts.play("-e", "gunicorn_workers=3", "-e", "gunicorn_timeout=32", "-e", "packages_upgrade=false")
    assert play.status == 0, play.output
    for host in hosts.by_name.values():
        assert on(host, "pgrep --count --parent $(systemctl show -P MainPID flask_app)").strip() == "3"
    assert hosts.play().status == 0


def test_site_answers_again_after_a_reboot(host, on):
    booted = on(host, BOOTED)
    on(host, "systemctl reboot", check=False)
    deadline = time.monotonic() + 60
    while not _answers_after_another_boot(host, on, booted):
        assert time.monotonic() < deadline, "no answer 60 s after the reboot"
        time.sleep(0.5)


def _answers_after_another_boot(host, on, booted):
    request = urllib.request.Request(f"http://{host.address}/health", headers={"Host": "practica_flask"})
    try:
        with urllib.request.urlopen(request, timeout=2) as answer:
            return json.load(answer)["status"] == "ok" and on(host, BOOTED) != booted
    except (OSError, AssertionError):
        return False


def test_status_tells_programs_all_they_need(hosts):
    run = subprocess.run(
        [sys.executable, "-m", "deploy", "status", "--json", str(hosts.inventory)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    told = {host["name"]: host for host in json.loads(run.stdout)["hosts"]}
    assert set(told) == {"test12", "test13"}
    assert told["test12"]["ssh_user"] == "admin"
    for name, host in told.items():
        assert host["address"] == hosts.by_name[name].address
        assert host["unit_state"] == "active"
        assert host["health"]["release"] == host["release"]
        assert host["url"] == "http://practica_flask/"


@pytest.mark.parametrize("name", ["test12", "test13"])
def test_cut_off_run_leaves_nothing_half_done(hosts, on, name):
    """A virtualenv and a release that a power cut left half written are made anew, unasked."""
    host = hosts.by_name[name]
    on(host, "rm /var/www/practica_flask/virtualenvs/*/complete-*; rm /var/www/practica_flask/releases/*/release.json")
    on(host, "rm /run/practica_flask-nginx-*; systemctl stop nginx flask_app")
    assert hosts.play("--limit", name).status == 0
    assert hosts.verify("-k", name).returncode == 0
