"""What nobody prepares for: a full disk, power cuts at random moments, a machine that forgot its containers."""

import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest

from deploy import rehearsal
from deploy.console import Console
from deploy.project import ROOT, state, tool
from deploy.toolchain import as_root

SMALL = "/var/www/small"
CUTS = 4


def podman(*words: str) -> str:
    return subprocess.run(as_root(["podman", *words]), check=True, capture_output=True, text=True).stdout


@pytest.fixture
def small(hosts, on):
    """A second application on the Debian 13 host, on a disk of 60 MB."""
    host = hosts.by_name["test13"]
    on(host, f"mkdir -p {SMALL} && mount -t tmpfs -o size=60m,mode=0755 tmpfs {SMALL}")
    data = json.loads(rehearsal.inventory([host]))
    names = {"app_name": "small", "app_user": "small", "systemd_unit": "small", "nginx_server_names": ["small.example"]}
    data["all"]["hosts"][host.name] |= names | {"preflight_disk_mib": 10}
    inventory = state("test", "small.yml")
    inventory.write_text(json.dumps(data))
    yield host, inventory
    on(host, f"systemctl disable --now small; umount -l {SMALL}; rm -f /etc/nginx/sites-*/small; nginx -s reload")


def test_full_disk_is_said_and_the_next_run_converges(hosts, on, small):
    host, inventory = small
    before = on(host, "curl -s http://localhost/ 2>&1; readlink /var/www/practica_flask/current")
    run = subprocess.run(
        [sys.executable, "-m", "deploy", "up", str(inventory)], cwd=ROOT, capture_output=True, text=True
    )
    assert run.returncode == 1
    assert "No space left on device" in run.stderr.splitlines()[0]
    assert on(host, f"ls {SMALL}/virtualenvs {SMALL}/current 2>&1 | grep -c complete; true").strip() == "0"
    assert on(host, "curl -s http://localhost/ 2>&1; readlink /var/www/practica_flask/current") == before
    on(host, f"mount -o remount,size=2g {SMALL}")
    play = hosts.play(inventory=inventory)
    assert play.status == 0, play.output
    verify = [tool("python"), "-m", "pytest", "tests/host", "-q", "--inventory", str(inventory)]
    run = subprocess.run(verify, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout
    assert hosts.verify("-k", "test13").returncode == 0, "the first application must not have noticed"
    assert hosts.play(inventory=inventory).changed == {host.name: 0}


def test_power_cut_at_any_moment(request):
    """A host of its own, cut off in the middle of dpkg, then later each time; one run must mend it."""
    console = Console("test")
    rehearsal.down("cut")
    host = rehearsal.up(console, "cut", "13")
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


def test_host_that_died_with_the_machine_is_replaced(request):
    """As when the machine was cut off: podman still calls it running, and nothing of it runs."""
    console = Console("test")
    rehearsal.down("stale")
    host = rehearsal.up(console, "stale", "13")
    request.addfinalizer(lambda: rehearsal.down("stale"))
    state_then = json.loads(podman("inspect", host.container))[0]["State"]
    os.kill(state_then["ConmonPid"], signal.SIGKILL)
    os.kill(state_then["Pid"], signal.SIGKILL)
    again = rehearsal.up(console, "stale")
    console.log.close()
    assert again == host
    assert subprocess.run(again.ssh("true")).returncode == 0
