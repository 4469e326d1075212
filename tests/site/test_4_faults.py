"""What nobody prepares for: a full disk, power cuts at random moments, a machine that forgot its containers."""

import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest
import yaml

from deploy import options, rehearsal
from deploy.console import Console
from deploy.image import SUITES
from deploy.project import ROOT, state, tool
from tests.site.common import podman

OTHER = {
    "app_name": "small",
    "app_root": "/srv/small",
    "app_user": "small_user",
    "app_default_model": "titanic",
    "app_max_body_kib": 64,
    "app_max_rows": 50,
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

CUTS = 4


def test_other_application_differs_in_every_option():
    defaults = yaml.safe_load(options.DEFAULTS.read_text())
    assert set(OTHER) == set(defaults) - {"project_root"}
    assert [name for name, value in OTHER.items() if value == defaults[name]] == []


@pytest.fixture
def small(host, on):
    """A second application on a host, every option another, on a disk of 60 MB."""
    on(host, "mkdir -p {app_root} && mount -t tmpfs -o size=60m,mode=0755 tmpfs {app_root}".format_map(OTHER))
    data = json.loads(rehearsal.inventory([host]))
    data["all"]["hosts"][host.name] |= OTHER
    inventory = state("test", f"small-{host.name}.yml")
    inventory.write_text(json.dumps(data))
    yield inventory
    on(host, """systemctl disable --now {systemd_unit}-boot; systemctl stop '{systemd_unit}-*'; umount -l {app_root}
       rm -f /etc/nginx/sites-*/{app_name}; nginx -s reload""".format_map(OTHER))  # fmt: skip


def test_full_disk_is_said_and_the_next_run_converges(hosts, host, on, small):
    inventory, first = small, hosts.values[host.name]["app_root"]
    before = on(host, f"readlink {first}/current")
    run = subprocess.run(
        [sys.executable, "-m", "deploy", "up", str(inventory)], cwd=ROOT, capture_output=True, text=True
    )
    assert run.returncode == 1
    assert "No space left on device" in run.stderr.splitlines()[0]
    assert (
        on(host, "ls {app_root}/virtualenvs {app_root}/current 2>&1 | grep -c complete; true".format_map(OTHER)).strip()
        == "0"
    )
    assert on(host, f"readlink {first}/current") == before
    assert on(host, "ls -Ad {app_root}/releases/.[a-z0-9]* || true".format_map(OTHER)) == ""
    on(host, "mount -o remount,size=2g {app_root}".format_map(OTHER))
    play = hosts.play(inventory=inventory)
    assert play.status == 0, play.output
    verify = [tool("python"), "-m", "pytest", "tests/host", "-q", "--inventory", str(inventory)]
    run = subprocess.run(verify, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout
    assert hosts.verify("-k", host.name).returncode == 0, "the first application must not have noticed"
    assert hosts.play(inventory=inventory).changed == {host.name: 0}
    assert on(host, "cat /run/{app_name}-hooks".format_map(OTHER)).split()[-3:] == [
        "before_build", "before_switch", "after_switch"]  # fmt: skip
    assert hosts.play("-e", "gunicorn_timeout=21", inventory=inventory, playbook="ansible/release.yml").status == 0
    assert hosts.play(inventory=inventory, playbook="ansible/rollback.yml").status == 0
    assert on(host, "tail -n 1 /run/{app_name}-hooks".format_map(OTHER)) == "after_rollback\n"


def test_application_keeps_its_unit_and_its_folder(hosts):
    play = hosts.play("-e", "systemd_unit=webapp")
    assert play.status != 0 and " has the unit flask_app: keep systemd_unit, or take another folder" in play.output
    play = hosts.play("-e", "systemd_unit=webapp", playbook="ansible/release.yml")
    assert play.status != 0 and " has the unit flask_app: keep systemd_unit" in play.output
    play = hosts.play("-e", "app_root=/srv/other")
    assert play.status != 0 and "flask_app is the unit of another application, in /var/www/" in play.output
    play = hosts.play("-e", "systemd_unit=flask_app-boot")
    assert play.status != 0 and "systemd_unit: 'flask_app-boot' is not a name" in play.output


def test_default_site_of_another_is_said_and_nginx_goes_on(hosts, host, on):
    on(
        host,
        """rm /etc/nginx/conf.d/unknown_hosts.conf
        echo 'server { listen 80 default_server; }' > /etc/nginx/sites-enabled/stranger""",
    )
    play = hosts.play("--limit", host.name)
    assert play.status != 0 and "a duplicate default server for 0.0.0.0:80" in play.output
    on(host, "nginx -t -q && test ! -e /etc/nginx/conf.d/unknown_hosts.conf && rm /etc/nginx/sites-enabled/stranger")
    assert hosts.play("--limit", host.name).status == 0


@pytest.mark.parametrize("debian", sorted(SUITES))
def test_power_cut_at_any_moment(request, debian):
    """A host of its own, cut off in the middle of dpkg, then later each time; one run must mend it."""
    console = Console("test")
    rehearsal.down("cut")
    host = rehearsal.up(console, "cut", debian)
    request.addfinalizer(lambda: rehearsal.down("cut"))
    inventory = state("test", "cut.yml")
    inventory.write_text(rehearsal.inventory([host]))
    command = [tool("ansible-playbook"), "-i", str(inventory), "ansible/site.yml"]
    moments = random.Random(os.environ.get("CUTS_SEED", "1"))
    for cut in range(CUTS):
        with state("test", "cut.log").open("w") as log:
            running = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, start_new_session=True)
            if cut:
                time.sleep(3 + 5 * cut + moments.uniform(0, 4))
            else:
                wait_for_dpkg(host)
            podman("kill", "--signal", "KILL", host.container)
            os.killpg(running.pid, signal.SIGKILL)
            running.wait()
        host = rehearsal.up(console, "cut")
        if not cut:
            interrupted = subprocess.run(host.ssh("dpkg --audit; ls /var/lib/dpkg/updates"), capture_output=True)
            assert interrupted.stdout, "the cut came too late to interrupt dpkg"
    console.log.close()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    verify = [tool("python"), "-m", "pytest", "tests/host", "-q", "--inventory", str(inventory)]
    run = subprocess.run(verify, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout
    assert "changed=0" in subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout


def wait_for_dpkg(host: rehearsal.Host) -> None:
    """Return in the middle of unpacking or configuring Nginx."""
    unpacking = "until ls /var/lib/dpkg/updates | grep -q . && pgrep -x dpkg >/dev/null; do sleep 0.02; done"
    podman("exec", host.container, "timeout", "60", "sh", "-c", unpacking)


@pytest.mark.parametrize("debian", sorted(SUITES))
def test_host_that_died_with_the_machine_is_replaced(request, debian):
    """As when the machine was cut off: podman still calls it running, and nothing of it runs."""
    console = Console("test")
    rehearsal.down("stale")
    host = rehearsal.up(console, "stale", debian)
    request.addfinalizer(lambda: rehearsal.down("stale"))
    state_then = json.loads(podman("inspect", host.container))[0]["State"]
    os.kill(state_then["ConmonPid"], signal.SIGKILL)
    os.kill(state_then["Pid"], signal.SIGKILL)
    again = rehearsal.up(console, "stale")
    console.log.close()
    assert again == host
    assert subprocess.run(again.ssh("true")).returncode == 0
