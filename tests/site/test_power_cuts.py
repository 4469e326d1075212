"""Machines that die: a host whose power is cut at random moments, a machine that forgot its containers.

The first is one for ``PUERTO_FULL=1``, which does both on each Debian.
"""

import json
import os
import random
import signal
import subprocess
import time

import pytest

from deploy.base.console import Console
from deploy.base.paths import KIT, tool
from deploy.rehearsal import hosts as rehearsal
from deploy.rehearsal.image import SUITES
from tests.run import FULL
from tests.site.common import podman, scratch

CUTS = 4
NEWEST = max(SUITES)


@pytest.mark.long
@pytest.mark.parametrize("number", sorted(SUITES))
def test_power_cut_at_any_moment(request, number):
    """A host of its own, cut off in the middle of dpkg, then later each time; one run must mend it."""
    console = Console("test")
    rehearsal.down(f"cut{number}")
    host = rehearsal.up(console, f"cut{number}", number)
    request.addfinalizer(lambda: rehearsal.down(f"cut{number}"))
    inventory = scratch("cut.yml")
    inventory.write_text(rehearsal.inventory([host]))
    command = [tool("ansible-playbook"), "-i", str(inventory), "ansible/site.yml"]
    moments = random.Random(os.environ.get("CUTS_SEED", "1"))
    for cut in range(CUTS):
        cut_off(host, command, 3 + 5 * cut + moments.uniform(0, 4) if cut else None)
        host = rehearsal.up(console, f"cut{number}")
        if not cut:
            interrupted = subprocess.run(host.ssh("dpkg --audit; ls /var/lib/dpkg/updates"), capture_output=True)
            assert interrupted.stdout, "the cut came too late to interrupt dpkg"
    console.log.close()
    done = subprocess.run(command, cwd=KIT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    verify = [tool("python"), "-m", "pytest", "tests/host", "-q", "--inventory", str(inventory)]
    run = subprocess.run(verify, cwd=KIT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout
    assert "changed=0" in subprocess.run(command, cwd=KIT, capture_output=True, text=True).stdout


def cut_off(host: rehearsal.Host, command: list[str], seconds: float | None) -> None:
    """Cut a host's power so many seconds after a command began to provision it; without them, amid dpkg's work."""
    with scratch("cut.log").open("w") as log:
        running = subprocess.Popen(command, cwd=KIT, stdout=log, stderr=log, start_new_session=True)
        if seconds is None:
            wait_for_dpkg(host)
        else:
            time.sleep(seconds)
        podman("kill", "--signal", "KILL", host.container)
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()


def wait_for_dpkg(host: rehearsal.Host) -> None:
    """Return in the middle of unpacking or configuring Nginx."""
    unpacking = "until ls /var/lib/dpkg/updates | grep -q . && pgrep -x dpkg >/dev/null; do sleep 0.02; done"
    podman("exec", host.container, "timeout", "60", "sh", "-c", unpacking)


@pytest.mark.parametrize("number", sorted(SUITES) if FULL else [NEWEST])
def test_host_that_died_with_the_machine_is_replaced(request, number):
    """As when the machine was cut off: podman still calls it running, and nothing of it runs."""
    console = Console("test")
    rehearsal.down(f"stale{number}")
    host = rehearsal.up(console, f"stale{number}", number)
    request.addfinalizer(lambda: rehearsal.down(f"stale{number}"))
    state_then = json.loads(podman("inspect", host.container))[0]["State"]
    os.kill(state_then["ConmonPid"], signal.SIGKILL)
    os.kill(state_then["Pid"], signal.SIGKILL)
    again = rehearsal.up(console, f"stale{number}")
    console.log.close()
    assert again == host
    assert subprocess.run(again.ssh("true")).returncode == 0
