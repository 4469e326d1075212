"""Releases that are cut off at any step, that two operators make at once, and reboots: the next run must converge.

``PUERTO_FULL=1`` cuts at every step, and at twenty random moments.
"""

import os
import random
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.base.console import Console
from deploy.base.paths import tool
from deploy.rehearsal import hosts as rehearsal
from tests.run import FULL
from tests.site.common import (
    BOOTED,
    RELEASE,
    STEPS,
    current,
    deploy,
    must_have_failed_none,
    play,
    podman,
    scratch,
    status,
)
from tests.site.hosts import Hosts

pytestmark = pytest.mark.debian(13)

CUTS = 20 if FULL else 1

CUT_STEPS = STEPS if FULL else ("switch",)
"""The steps at which the program is killed, and the host dies."""


SIGNAL_AT = """
import json, os, signal, sys, time
deadline = time.monotonic() + 60
while time.monotonic() < deadline:
    try:
        work = json.load(open(sys.argv[1]))
        if work["step"] in sys.argv[3:]:
            os.kill(work["pid"], signal.Signals[sys.argv[2]])
            break
    except (OSError, ValueError):
        pass
    time.sleep(0.001)
else:
    sys.exit("the step never came")
"""


def wait_for_archive(hosts: Hosts, project: Path, on: Callable[..., str]) -> None:
    """Return when a run from the project has sent its tree."""
    sent = f"grep -q {project.name} /run/*.lock && grep -q step /run/*.work && echo sent"
    deadline = time.monotonic() + 90
    while not all(on(host, sent, check=False) for host in hosts.by_name.values()):
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_two_operators(hosts, project, on, changed):
    """The second is told who and since when, at once; nothing is changed by it. One who waits has another tree."""
    hook = project / "ansible" / "slow.yml"
    hook.write_text("---\n- name: Take a while\n  ansible.builtin.wait_for:\n    timeout: 12\n")
    arguments = ["-i", str(hosts.inventory), RELEASE, "-e", "release_before_switch=slow.yml", "-e", "app_max_rows=8001"]
    before = current(hosts, on)
    with changed("app/health.py", "# another release"):
        first = subprocess.Popen([tool("ansible-playbook"), *arguments], cwd=project, stdout=subprocess.PIPE, text=True)
        wait_for_archive(hosts, project, on)
    began = time.monotonic()
    second = hosts.play("-e", "app_max_rows=8002", playbook=RELEASE)
    assert second.status != 0
    assert time.monotonic() - began < 10
    assert f"{project} has been deploying since 20" in second.output, second.output
    assert "nothing was changed" in second.output
    assert current(hosts, on) == before
    waiting = hosts.play("-e", "app_max_rows=8003", "-e", "release_lock=wait", playbook=RELEASE)
    output = first.communicate()[0]
    assert first.returncode == 0, output
    assert waiting.status == 0, waiting.output
    assert all(host["lock"] is None for host in status(hosts, project).values())


@contextmanager
def signalled(hosts: Hosts, kind: str, step: str) -> Iterator[None]:
    """Send a signal to the program on the host when it comes to that step, in a block that releases."""
    senders = []
    steps = " ".join(STEPS[STEPS.index(step) :])  # a step with nothing to do may be over before it is seen
    for host in hosts.by_name.values():
        root = "" if host.user == "root" else "sudo "
        command = f"{root}python3 - /run/{hosts.values[host.name]['systemd_unit']}.work {kind} {steps}"
        senders.append(subprocess.Popen(host.ssh(command), stdin=subprocess.PIPE, text=True))
        senders[-1].stdin.write(SIGNAL_AT)
        senders[-1].stdin.close()
    yield
    assert {sender.wait() for sender in senders} == {0}


@pytest.mark.parametrize("step", CUT_STEPS)
def test_killed_at_any_step(hosts, project, on, load, step):
    """The program on the host."""
    options = ["-e", f"app_max_rows={7000 + STEPS.index(step)}"]
    with load() as visitors:
        with signalled(hosts, "SIGKILL", step):
            assert play(hosts, project, *options).returncode != 0, "it was not killed"
        again = play(hosts, project, *options)
        assert again.returncode == 0, again.stdout
    must_have_failed_none(visitors, 100)
    reports = status(hosts, project)
    for name in hosts.by_name:
        assert reports[name]["health"]["release"] == reports[name]["release"]
        assert next(release for release in reports[name]["releases"] if release["current"])["verdict"] == "good"


@pytest.mark.long
def test_rollback_killed_after_its_switch_does_not_come_back(hosts, project, on, load):
    (name,) = hosts.by_name
    assert play(hosts, project, "-e", "app_max_rows=7300").returncode == 0
    bad = current(hosts, on)[name]
    with load() as visitors:
        with signalled(hosts, "SIGKILL", "verify"):
            assert play(hosts, project, playbook="ansible/rollback.yml").returncode != 0
        assert current(hosts, on)[name] != bad
        assert play(hosts, project, playbook="ansible/rollback.yml").returncode == 0
    must_have_failed_none(visitors, 100)
    assert current(hosts, on)[name] != bad


def test_operator_killed_at_random_moments(hosts, project, on, load):
    """The operator's own process; the host goes on or not, whole in any case."""
    moments = random.Random(os.environ.get("CUTS_SEED", "1"))
    with load() as visitors:
        for cut in range(CUTS):
            command = [
                tool("ansible-playbook"),
                "-i",
                str(hosts.inventory),
                RELEASE,
                "-e",
                f"app_max_rows={6000 + cut}",
            ]
            # A killed ssh leaves its terminal or pipe non-blocking, which the next Ansible refuses: none is shared.
            running = subprocess.Popen(command, cwd=project, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL, start_new_session=True)  # fmt: skip
            time.sleep(moments.uniform(0.5, 5))
            os.killpg(running.pid, 9)
            assert running.wait() in (0, -9), "it ended by itself, and badly"
            run = play(hosts, project, "-e", f"app_max_rows={6100 + cut}")
            assert run.returncode == 0, run.stdout
    must_have_failed_none(visitors)


@pytest.mark.parametrize("step", CUT_STEPS)
def test_host_that_dies_at_any_step(hosts, project, on, serves_alone, step):
    """As when its power is cut: the program stands still at the step, and the container is killed."""
    options = ["-e", f"app_max_rows={7100 + STEPS.index(step)}"]
    command = [tool("ansible-playbook"), "-i", str(hosts.inventory), RELEASE, *options]
    before = {name: on(host, BOOTED) for name, host in hosts.by_name.items()}
    stops = signalled(hosts, "SIGSTOP", step)
    with scratch("died.log").open("w") as log, stops:
        running = subprocess.Popen(command, cwd=project, stdout=log, stderr=log, start_new_session=True)
    console = Console("test")
    for host in hosts.by_name.values():
        podman("kill", "--signal", "KILL", host.container)
    os.killpg(running.pid, 9)
    running.wait()
    for name, host in hosts.by_name.items():
        assert rehearsal.up(console, name) == host
        serves_alone(host, before[name])
    console.log.close()
    again = play(hosts, project, *options)
    assert again.returncode == 0, again.stdout
    reports = status(hosts, project)
    assert all(reports[name]["health"]["release"] == reports[name]["release"] for name in hosts.by_name)


@pytest.fixture
def rebooted(hosts: Hosts, on: Callable[..., str], serves_alone: Callable[..., None]) -> Callable[[], None]:
    """Boot the hosts anew; the release that was current must be the one that serves."""

    def reboot() -> None:
        release = current(hosts, on)
        booted = {name: on(host, BOOTED) for name, host in hosts.by_name.items()}
        for host in hosts.by_name.values():
            on(host, "systemctl reboot", check=False)
        for name, host in hosts.by_name.items():
            serves_alone(host, booted[name])
        assert current(hosts, on) == release

    return reboot


@pytest.mark.long
def test_reboot_after_a_release_a_rollback_and_a_refused_release(hosts, project, changed, rebooted):
    """Long, for each takes a run and a reboot; test_provisioned reboots a host as a first run left it."""
    assert play(hosts, project, "-e", "app_max_rows=7201").returncode == 0
    rebooted()
    assert play(hosts, project, playbook="ansible/rollback.yml").returncode == 0
    rebooted()
    with changed("wsgi.py", "raise RuntimeError('broken on purpose')"):
        assert play(hosts, project).returncode != 0
    rebooted()


def test_reboot_in_maintenance(hosts, project, rebooted):
    assert deploy(project, "maintenance", "on", str(hosts.inventory)).returncode == 0
    rebooted()
    assert all(host["maintenance"] for host in status(hosts, project).values())
    assert deploy(project, "maintenance", "off", str(hosts.inventory)).returncode == 0
    assert all(host["maintenance"] is False for host in status(hosts, project).values())


@pytest.mark.long
def test_as_it_was(hosts):
    assert hosts.play().status == 0
    assert hosts.verify().returncode == 0
