"""Provisioned hosts: the second run, the host tests and whether they can fail, a reboot."""

import json
import subprocess
import sys

import pytest

from deploy.base.paths import KIT
from tests.run import FULL
from tests.site.common import BOOTED, listener

pytestmark = pytest.mark.debian(12)

BREAKAGES = [
    {
        "folder's mode": ("chmod 0777 {app_root}/shared", "test_folder"),
        "settings' mode": ("chmod 0644 {app_root}/shared/.env", "test_settings_are_roots_alone"),
        "code given away": ("chown {app_user} {app_root}/current/wsgi.py", "test_application_owns_nothing"),
        "model for www-data": ("chmod -R o+r {app_root}/current/bundles", "test_nginx_reads_static"),
        "code edited": ("echo '# me' >> {app_root}/current/app/health.py", "test_release_and_its_virtualenv_are_as"),
        "user with a shell": ("usermod --shell /bin/bash {app_user}", "test_application_has_a_user_without_shell"),
        "unit disabled": ("systemctl disable {systemd_unit}-boot", "test_unit_runs_and_starts_at_boot"),
        "no sandbox": (
            "mkdir -p /etc/systemd/system/{systemd_unit}.service.d; printf '[Service]\\nProtectSystem=no\\n'"
            " > /etc/systemd/system/{systemd_unit}.service.d/x.conf; systemctl daemon-reload",
            "test_unit_is_sandboxed",
        ),
        "network for the unit": (
            "printf '[Service]\\nRestrictAddressFamilies=\\n' > /etc/systemd/system/{systemd_unit}.service.d/y.conf;"
            " systemctl daemon-reload",
            "test_process_of_the_unit_opens_no_network",
        ),
        "socket for all": ("chmod 0666 {app_root}/current/{systemd_unit}.sock", "test_socket_is_for_the_application"),
        "unknown hosts let in": (
            "rm /etc/nginx/conf.d/unknown_hosts.conf; systemctl reload nginx; sleep 1", "test_unknown_host_is_refused",
        ),
        "log turned off": (
            "sed -i 's/access_log .*/access_log off;/' /etc/nginx/sites-available/{app_name};"
            " systemctl reload nginx; sleep 1",
            "test_visits_are_logged",
        ),
        "a header lost": (
            "sed -i '/add_header Referrer-Policy/d' /etc/nginx/sites-available/{app_name}",
            "test_every_answer_has_the_headers_once",
        ),
        "limits off": (
            "sed -i '/limit_req zone/d' /etc/nginx/sites-available/{app_name}; systemctl reload nginx; sleep 1",
            "test_who_asks_too_often",
        ),
        "only the older TLS": (
            "sed -i 's/ssl_protocols .*/ssl_protocols TLSv1.2;/' /etc/nginx/sites-available/{app_name};"
            " systemctl reload nginx; sleep 1",
            "test_tls_is_of_today",
        ),
        "key for all": ("chmod 0644 {app_root}/tls/local.key", "test_key_is_roots_alone"),
        "another's certificate": (
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=x"
            " -keyout /dev/null -out {app_root}/tls/local.pem 2>/dev/null",
            "test_each_name_is_shown_its_certificate",
        ),
        "a listener": (listener("listener", 8099), "test_only_ssh_nginx_and_what"),
        "package removed": ("dpkg --remove --force-depends python3-venv", "test_packages_are_installed"),
    },
    {
        "another user": (
            "mkdir -p /etc/systemd/system/{systemd_unit}.service.d;"
            " printf '[Service]\\nUser=www-data\\n' > /etc/systemd/system/{systemd_unit}.service.d/x.conf;"
            " systemctl daemon-reload; systemctl restart {systemd_unit}",
            "test_unit_runs_as_the_application",
        ),
        "another release": (
            "cp -a {app_root}/releases/$(readlink {app_root}/current | xargs basename)"
            " {app_root}/releases/other; ln -sfn releases/other {app_root}/current",
            "test_release_that_answers_is_the_current_one",
        ),
        "another model": (
            "sed -i 's/\"value\": \"Aprobado\"/\"value\": \"Suspendido\"/' {app_root}/current/bundles/exam/model.json",
            "test_each_model_answers_as_it_did",
        ),
        "older settings": (
            "sed -i 's/^GUNICORN_TIMEOUT=.*/GUNICORN_TIMEOUT=77/' {app_root}/shared/.env",
            "test_process_runs_the_release_and_the_settings",
        ),
        "Nginx's own words": (
            "sed -i '/error_page 413/d' /etc/nginx/sites-available/{app_name}; systemctl reload nginx; sleep 1",
            "test_body_above_the_limit",
        ),
    },
    {
        # Its watch, of the release that the last round made, would start it again.
        "unit stopped": ("systemctl stop {systemd_unit}-watch {systemd_unit}", "test_unit_runs_and_starts_at_boot"),
        "default site back": (
            "ln -s /etc/nginx/sites-available/default /etc/nginx/sites-enabled/default",
            "test_debian_s_default_site_is_removed",
        ),
        "invalid Nginx": ("echo nonsense > /etc/nginx/conf.d/x.conf", "test_configuration_is_valid"),
    },
]  # fmt: skip
"""What is broken → the command that breaks it, options in braces, and the host test that must notice.

In rounds, since each costs a run that mends: what stops the application or Nginx comes last."""

MENDED_BY_HAND = """rm -f /etc/nginx/conf.d/x.conf; rm -rf /etc/systemd/system/{systemd_unit}.service.d
    systemctl daemon-reload; systemctl stop listener; systemctl restart {systemd_unit}; true"""
"""Undoes what no run of the provisioning looks after: strangers' files and processes."""


@pytest.mark.debian(12, 13)
def test_second_run_changes_nothing(untouched):
    play = untouched.play()
    assert play.status == 0, play.output
    assert play.changed == dict.fromkeys(untouched.by_name, 0), play.output


def test_rehearsal_on_a_provisioned_host_reports_nothing(untouched):
    play = untouched.play("--check", "--diff")
    assert play.status == 0, play.output
    assert play.changed == dict.fromkeys(untouched.by_name, 0), play.output


@pytest.mark.debian(12, 13)
def test_host_tests_pass(untouched):
    run = untouched.verify()
    assert run.returncode == 0, run.stdout
    assert " passed" in run.stdout
    assert "skipped" not in run.stdout


def test_host_tests_notice_what_is_broken(hosts, on):
    """Every breakage must make its test fail, and the next run must mend it: it is of the release that is broken."""
    assert hosts.play().status == 0
    unnoticed = []
    for broken in BREAKAGES if FULL else BREAKAGES[:1]:
        for command, _ in broken.values():
            for name, host in hosts.by_name.items():
                on(host, command.format_map(hosts.values[name]))
        run = hosts.verify("-k", " or ".join(test for _, test in broken.values()))
        failed = [line for line in run.stdout.splitlines() if line.startswith("FAILED tests/host")]
        unnoticed += [(breakage, name) for breakage, (_, test) in broken.items() for name in hosts.by_name
                      if not any(test in line and name in line for line in failed)]  # fmt: skip
        for name, host in hosts.by_name.items():
            on(host, MENDED_BY_HAND.format_map(hosts.values[name]))
        mended = hosts.play()
        assert mended.status == 0, mended.output
    assert unnoticed == []
    if FULL:  # a person's, which no run removes
        for name, host in hosts.by_name.items():
            on(host, "rm -r {app_root}/releases/other".format_map(hosts.values[name]))
    run = hosts.verify() if FULL else hosts.verify("-k", " or ".join(test for _, test in BREAKAGES[0].values()))
    assert run.returncode == 0, run.stdout


def test_changed_option_reaches_the_running_process_and_the_secret_is_kept(hosts, host, on):
    secret = "grep SECRET_KEY {app_root}/shared/.env".format_map(hosts.values[host.name])
    before = on(host, secret)
    play = hosts.play("-e", "gunicorn_workers=3", "-e", "gunicorn_timeout=32", "-e", "packages_upgrade=none")
    assert play.status == 0, play.output
    for name, host in hosts.by_name.items():
        main = f"$(systemctl show -P MainPID {hosts.values[name]['systemd_unit']})"
        assert on(host, f"pgrep --count --parent {main}").strip() == "3"
    assert on(host, secret) == before


def test_site_answers_again_after_a_reboot(hosts, on, serves_alone):
    booted = {name: on(host, BOOTED) for name, host in hosts.by_name.items()}
    for host in hosts.by_name.values():
        on(host, "systemctl reboot", check=False)
    for name, host in hosts.by_name.items():
        serves_alone(host, booted[name])


def test_status_tells_programs_all_they_need(hosts):
    run = subprocess.run(
        [sys.executable, "-m", "deploy", "status", "--json", str(hosts.inventory)],
        cwd=KIT,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    reports = {host["name"]: host for host in json.loads(run.stdout)["hosts"]}
    assert set(reports) == set(hosts.by_name)
    for name, host in reports.items():
        assert (host["ssh_user"], host["address"]) == (hosts.by_name[name].user, hosts.by_name[name].address)
        assert host["unit_state"] == "active"
        assert host["health"]["release"] == host["release"]
        assert host["url"] == f"http://{hosts.values[name]['nginx_server_names'][0]}/"


@pytest.mark.long
def test_cut_off_run_leaves_nothing_half_done(hosts, on):
    """A virtualenv and a release that a power cut left half written are made anew, unasked."""
    for name, host in hosts.by_name.items():
        values = hosts.values[name]
        on(host, "rm {app_root}/virtualenvs/*/complete {app_root}/releases/*/plan.json".format_map(values))
        on(host, "rm /run/{systemd_unit}-site.loaded; systemctl stop nginx {systemd_unit}".format_map(values))
    assert hosts.play().status == 0
    assert hosts.verify().returncode == 0
