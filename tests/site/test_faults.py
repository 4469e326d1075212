"""What nobody prepares for: a full disk, options of all kinds."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.base.paths import KIT, tool
from deploy.rehearsal import hosts as rehearsal
from tests.run import FULL
from tests.scenarios import SMALL
from tests.site.common import scratch
from tests.site.hosts import Hosts

pytestmark = pytest.mark.debian(12)

TEMPORARY = ("/tmp", "/var/tmp")


@pytest.fixture
def small(hosts: Hosts, on: Callable[..., str]) -> Iterator[Path]:
    """A second application on the hosts, every option another, on a disk of 60 MB, with a /tmp as CIS recommends it."""
    data = json.loads(rehearsal.inventory(list(hosts.by_name.values())))
    for name, host in hosts.by_name.items():
        on(host, "mkdir -p {app_root} && mount -t tmpfs -o size=60m,mode=0755 tmpfs {app_root}".format_map(SMALL))
        on(host, "; ".join(f"mount -t tmpfs -o size=64m,noexec,nosuid,nodev tmpfs {folder}" for folder in TEMPORARY))
        data["all"]["hosts"][name] |= SMALL
    inventory = scratch("small.yml")
    inventory.write_text(json.dumps(data))
    yield inventory
    for host in hosts.by_name.values():
        on(host, """systemctl disable --now {systemd_unit}-boot; systemctl stop '{systemd_unit}-*'
           umount -l {app_root} /tmp /var/tmp
           rm -f /etc/nginx/sites-*/{app_name}; nginx -s reload""".format_map(SMALL))  # fmt: skip


@pytest.mark.long
def test_full_disk_is_said_and_the_next_run_converges(hosts, on, small):
    def everywhere(command: str, values: dict | None = None) -> list[str]:
        return [on(host, command.format_map(values or hosts.values[name])) for name, host in hosts.by_name.items()]

    before = everywhere("readlink {app_root}/current")
    run = subprocess.run([sys.executable, "-m", "deploy", "up", str(small)], cwd=KIT, capture_output=True, text=True)
    assert run.returncode == 1
    for name in hosts.by_name:
        assert re.search(rf"^{name}: .*No space left on device", run.stderr, re.M), run.stderr
    half_done = "ls {app_root}/virtualenvs {app_root}/current 2>&1 | grep -c complete; true"
    assert everywhere(half_done, SMALL) == ["0\n"] * len(hosts.by_name)
    assert everywhere("readlink {app_root}/current") == before
    assert everywhere("ls -Ad {app_root}/releases/.[a-z0-9]* || true", SMALL) == [""] * len(hosts.by_name)
    everywhere("mount -o remount,size=2g {app_root}", SMALL)
    play = hosts.play(inventory=small)
    assert play.status == 0, play.output
    verify = [tool("python"), "-m", "pytest", "tests/host", "-q", "--inventory", str(small)]
    run = subprocess.run(verify, cwd=KIT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout
    assert hosts.verify().returncode == 0, "the first application must not have noticed"
    for hooks in everywhere("cat /run/{app_name}-hooks", SMALL):
        assert hooks.split()[-3:] == ["before_build", "before_switch", "after_switch"]
    if FULL:
        assert set(hosts.play(inventory=small).changed.values()) == {0}
        assert hosts.play("-e", "gunicorn_timeout=21", inventory=small, playbook="ansible/release.yml").status == 0
        assert hosts.play(inventory=small, playbook="ansible/rollback.yml").status == 0
        assert everywhere("tail -n 1 /run/{app_name}-hooks", SMALL) == ["after_rollback\n"] * len(hosts.by_name)


def test_application_keeps_its_unit_and_its_folder(hosts):
    play = hosts.play("-e", "systemd_unit=webapp")
    assert play.status != 0 and " has the unit flask_app: keep systemd_unit, or use another folder" in play.output
    play = hosts.play("-e", "systemd_unit=webapp", playbook="ansible/release.yml")
    assert play.status != 0 and " has the unit flask_app: keep systemd_unit" in play.output
    play = hosts.play("-e", "app_root=/srv/other")
    assert play.status != 0 and "that of another application of Puerto's, in /var/www/" in play.output
    play = hosts.play("-e", "systemd_unit=flask_app-boot")
    assert play.status != 0 and "systemd_unit: 'flask_app-boot' is not a name" in play.output
