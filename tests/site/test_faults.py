"""What nobody prepares for: a full disk, options of all kinds, another's site."""

import json
import re
import subprocess
import sys

import pytest
import yaml

from deploy.base.paths import KIT, tool
from deploy.generate import options_page
from deploy.rehearsal import hosts as rehearsal
from tests.run import FULL
from tests.site.common import scratch

pytestmark = pytest.mark.debian(12)

OTHER = {
    "app_name": "small",
    "app_root": "/srv/small",
    "app_user": "small_user",
    "app_default_model": "titanic",
    "app_max_body_kib": 64,
    "app_max_rows": 50,
    "app_max_columns": 40,
    "app_request_timeout": 25,
    "app_cors_origins": ["https://example.org"],
    "app_start_seconds": 45,
    "gunicorn_workers": 1,
    "gunicorn_timeout": 20,
    "gunicorn_graceful_timeout": 10,
    "systemd_unit": "small_app",
    "nginx_server_names": ["small.example", "other.example"],
    "nginx_cache_mib": 0,
    "nginx_access_log": "/var/log/nginx/small_visits.log",
    "nginx_error_log": "/var/log/nginx/small_faults.log",
    "packages_upgrade": "none",
    "release_kept": 2,
    "release_warm_seconds": 30,
    "release_watch_seconds": 5,
    "release_watched": True,
    "release_p99_ms": 900,
    "release_lock": "wait",
    "release_before_build": "../tests/site/hooks/before_build.yml",
    "release_before_switch": "../tests/site/hooks/before_switch.yml",
    "release_after_switch": "../tests/site/hooks/after_switch.yml",
    "release_after_rollback": "../tests/site/hooks/after_rollback.yml",
    "systemd_memory_max": "512M",
    "preflight_disk_mib": 10,
    "preflight_memory_mib": 300,
    "verify_open_ports": [8080],
}
"""Every option with another value than its default."""


def test_other_application_differs_in_every_option():
    defaults = yaml.safe_load(options_page.DEFAULTS.read_text())
    assert set(OTHER) == {name for name in defaults if options_page.is_option(name)} - {"project_root"}
    assert [name for name, value in OTHER.items() if value == defaults[name]] == []


@pytest.fixture
def small(hosts, on):
    """A second application on the hosts, every option another, on a disk of 60 MB."""
    data = json.loads(rehearsal.inventory(list(hosts.by_name.values())))
    for name, host in hosts.by_name.items():
        on(host, "mkdir -p {app_root} && mount -t tmpfs -o size=60m,mode=0755 tmpfs {app_root}".format_map(OTHER))
        data["all"]["hosts"][name] |= OTHER
    inventory = scratch("small.yml")
    inventory.write_text(json.dumps(data))
    yield inventory
    for host in hosts.by_name.values():
        on(host, """systemctl disable --now {systemd_unit}-boot; systemctl stop '{systemd_unit}-*'
           umount -l {app_root}; rm -f /etc/nginx/sites-*/{app_name}; nginx -s reload""".format_map(OTHER))  # fmt: skip


def test_full_disk_is_said_and_the_next_run_converges(hosts, on, small):
    def each(command: str, values: dict | None = None) -> list[str]:
        return [on(host, command.format_map(values or hosts.values[name])) for name, host in hosts.by_name.items()]

    before = each("readlink {app_root}/current")
    run = subprocess.run([sys.executable, "-m", "deploy", "up", str(small)], cwd=KIT, capture_output=True, text=True)
    assert run.returncode == 1
    for name in hosts.by_name:
        assert re.search(rf"^{name}: .*No space left on device", run.stderr, re.M), run.stderr
    half_done = "ls {app_root}/virtualenvs {app_root}/current 2>&1 | grep -c complete; true"
    assert each(half_done, OTHER) == ["0\n"] * len(hosts.by_name)
    assert each("readlink {app_root}/current") == before
    assert each("ls -Ad {app_root}/releases/.[a-z0-9]* || true", OTHER) == [""] * len(hosts.by_name)
    each("mount -o remount,size=2g {app_root}", OTHER)
    play = hosts.play(inventory=small)
    assert play.status == 0, play.output
    verify = [tool("python"), "-m", "pytest", "tests/host", "-q", "--inventory", str(small)]
    run = subprocess.run(verify, cwd=KIT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout
    assert hosts.verify().returncode == 0, "the first application must not have noticed"
    if FULL:
        assert set(hosts.play(inventory=small).changed.values()) == {0}
    for hooks in each("cat /run/{app_name}-hooks", OTHER):
        assert hooks.split()[-3:] == ["before_build", "before_switch", "after_switch"]
    assert hosts.play("-e", "gunicorn_timeout=21", inventory=small, playbook="ansible/release.yml").status == 0
    assert hosts.play(inventory=small, playbook="ansible/rollback.yml").status == 0
    assert each("tail -n 1 /run/{app_name}-hooks", OTHER) == ["after_rollback\n"] * len(hosts.by_name)


def test_application_keeps_its_unit_and_its_folder(hosts):
    play = hosts.play("-e", "systemd_unit=webapp")
    assert play.status != 0 and " has the unit flask_app: keep systemd_unit, or use another folder" in play.output
    play = hosts.play("-e", "systemd_unit=webapp", playbook="ansible/release.yml")
    assert play.status != 0 and " has the unit flask_app: keep systemd_unit" in play.output
    play = hosts.play("-e", "app_root=/srv/other")
    assert play.status != 0 and "flask_app is the unit of another application, in /var/www/" in play.output
    play = hosts.play("-e", "systemd_unit=flask_app-boot")
    assert play.status != 0 and "systemd_unit: 'flask_app-boot' is not a name" in play.output


def test_default_site_of_another_is_said_and_nginx_goes_on(hosts, on):
    for host in hosts.by_name.values():
        on(
            host,
            """rm /etc/nginx/conf.d/unknown_hosts.conf
            echo 'server { listen 80 default_server; }' > /etc/nginx/sites-enabled/stranger""",
        )
    play = hosts.play()
    assert play.status != 0 and play.output.count("a duplicate default server for 0.0.0.0:80") >= len(hosts.by_name)
    mended = "nginx -t -q && test ! -e /etc/nginx/conf.d/unknown_hosts.conf && rm /etc/nginx/sites-enabled/stranger"
    for host in hosts.by_name.values():
        on(host, mended)
    assert hosts.play().status == 0
