"""Releases under load: good ones, bad ones, cut-off ones and two at once; no visitor may notice any.

``PUERTO_FULL=1`` makes ten releases and five rollbacks, and cuts at twenty random moments too.
"""

import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest
import requests

from deploy.project import BUNDLES, ROOT, tool
from tests.checkout import copied

FULL = bool(os.environ.get("PUERTO_FULL"))
RELEASES, ROLLBACKS, CUTS = (10, 5, 20) if FULL else (2, 1, 2)
MANY, FEW = 16, 2
"""Connections of a load: as many as the machine can serve, or leaving it room for what is tested beside it."""

LEAST_REQUESTS = 100_000 if FULL else 10_000
STEPS = ("prepare", "build", "check", "start", "prove", "switch", "verify", "retire")
RELEASE = "ansible/release.yml"

FAULTS = {
    "does not import": ("wsgi.py", "raise RuntimeError('broken on purpose')", "broken on purpose"),
    "answers wrongly": (
        "app/api.py",
        "_right = as_json\ndef as_json(*given): return _right(*given) | {'value': 'wrong'}",
        "golden row of diabetes: 'wrong' rather than",
    ),
    "is slow": (
        "app/api.py",
        "import time\n_quick = predict\ndef predict(name): time.sleep(0.05); return _quick(name)\n"
        "import app.shortcut\napp.shortcut.UNUSUAL = ('HTTP_HOST',)",
        "more than 40 (release_p99_ms)",
    ),
    "a lock that can't be installed": ("Pipfile.lock", None, "hash"),
    "a site that can't be read": ("nginx/site.j2", "nonsense here;", "unknown directive"),
}
"""What is wrong with a release → a file, what is added to it, and what must be said."""

FALLING = {
    "crashes after 5 s": "import threading\nthreading.Timer(5, lambda: os._exit(3)).start()",
    "leaks to its limit": "import threading, time\ndef _leak():\n    kept = []\n    time.sleep(6)\n    while True:\n"
    "        kept.append(b'x' * 20_000_000); time.sleep(0.1)\nthreading.Thread(target=_leak, daemon=True).start()",
}
"""Faults that no gate can see, since they come later → what is added to app/gunicorn_conf.py."""

KILL_AT = """
import json, os, signal, sys, time
deadline = time.monotonic() + 60
while time.monotonic() < deadline:
    try:
        found = json.load(open(sys.argv[1]))
        if found["step"] in sys.argv[2:]:
            os.kill(found["pid"], signal.SIGKILL)
            break
    except (OSError, ValueError):
        pass
else:
    sys.exit("the step never came")
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """A copy of the checkout, with its bundles, to break."""
    copy = copied(tmp_path_factory.mktemp("releases") / "puerto")
    shutil.copytree(BUNDLES, copy / "bundles", dirs_exist_ok=True)
    return copy


@pytest.fixture
def changed(project) -> Callable[..., object]:
    """Add to a file of the copy for the time of a test."""

    @contextmanager
    def change(name: str, more: str | None) -> Iterator[None]:
        path = project / name
        before = path.read_text()
        path.write_text(before + f"\n{more}\n" if more else before.replace('"sha256:', '"sha256:0', 4))
        try:
            yield
        finally:
            path.write_text(before)

    return change


def play(hosts, project: Path, *options: str, playbook: str = RELEASE) -> subprocess.CompletedProcess[str]:
    """Run a playbook in the copy, for all hosts."""
    command = [tool("ansible-playbook"), "-i", str(hosts.inventory), playbook, *options]
    return subprocess.run(
        command, cwd=project, capture_output=True, text=True, env=os.environ | {"ANSIBLE_NOCOLOR": "1"}
    )


def deploy(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the operator's command in the copy."""
    return subprocess.run([sys.executable, "-m", "deploy", *words], cwd=project, capture_output=True, text=True)


def current(hosts, on) -> dict[str, str]:
    """Return host → the release that its link names."""
    return {name: on(host, f"readlink {hosts.values[name]['app_root']}/current").strip().rpartition("/")[2]
            for name, host in hosts.by_name.items()}  # fmt: skip


def status(hosts, project: Path) -> dict[str, dict]:
    """Return host → what status tells."""
    run = deploy(project, "status", "--json", str(hosts.inventory))
    return {host["name"]: host for host in json.loads(run.stdout)["hosts"]}


@pytest.fixture(scope="module")
def load(hosts, on) -> Callable[[], object]:
    """Load every host with 16 connections, GET and POST mixed, for the time of a block; tell at its end."""
    script = (ROOT / "tests" / "site" / "mixed.lua").read_bytes()
    for host in hosts.by_name.values():
        on(host, "command -v wrk >/dev/null || { apt-get -q update && apt-get -qy install wrk; }")
        subprocess.run(host.ssh("cat > /tmp/mixed.lua"), input=script, check=True)

    @contextmanager
    def loading(connections: int = FEW, only: str = "") -> Iterator[dict[str, dict[str, int]]]:
        found: dict[str, dict[str, int]] = {}
        running = {}
        loaded = {name: host for name, host in hosts.by_name.items() if only in ("", name)}
        for name, host in loaded.items():
            site = hosts.values[name]["nginx_server_names"][0]
            ask = f"wrk -t1 -c{connections} -d900s --timeout 10s -s /tmp/mixed.lua http://127.0.0.1:80 -- {site}"
            running[name] = subprocess.Popen(host.ssh(f"nice -n 19 {ask}"), stdout=subprocess.PIPE, text=True)
        try:
            time.sleep(1)
            yield found
        finally:
            for host in loaded.values():
                on(host, "pkill -INT -x wrk", check=False)
            for name in loaded:
                found[name] = json.loads(running[name].communicate()[0].splitlines()[-1])

    return loading


def must_have_failed_none(found: dict[str, dict[str, int]], least: int = 1000) -> None:
    """Check what the load saw."""
    for name, seen in found.items():
        assert (seen["failed"], seen["broken"]) == (0, 0), (name, seen)
        assert seen["requests"] >= least, (name, seen)


def test_releases_and_rollbacks_under_load(hosts, host, project, on, load):
    """As fast as 16 connections can ask: each host by itself, or the machine is the limit."""
    only = ["--limit", host.name]
    with load(MANY, host.name) as steady:
        time.sleep(5)
    releases = [("-e", f"app_max_rows={9000 + number}", "-e", "release_kept=12") for number in range(RELEASES)]
    changes = [("-e", option) for option in ("gunicorn_workers=3", "nginx_cache_mib=11", "gunicorn_timeout=33")]
    plays = [(each, RELEASE) for each in releases]
    plays += [((), "ansible/rollback.yml")] * ROLLBACKS + [(each, RELEASE) for each in changes]
    ids = [current(hosts, on)[host.name]]
    with load(MANY, host.name) as found:
        for options, playbook in plays:
            run = play(hosts, project, *only, *options, playbook=playbook)
            assert run.returncode == 0, run.stdout
            ids.append(current(hosts, on)[host.name])
    must_have_failed_none(found, LEAST_REQUESTS)
    assert found[host.name]["p99"] <= 5 * steady[host.name]["p99"], (steady, found)
    assert all(one != other for one, other in pairwise(ids)), ids
    assert ids[RELEASES - 1] == ids[RELEASES + 1], "a bare rollback goes to the release before"


def _idle(told) -> set[str]:
    """Return the releases that every host has and none runs."""
    return set.intersection(*({each["id"] for each in host["releases"] if not each["running"]} for host in told))


def test_rollback_to_a_named_release_and_what_is_told_of_it(hosts, project, on):
    deadline = time.monotonic() + 60
    while not (idle := _idle(told := status(hosts, project).values())):
        assert time.monotonic() < deadline, "those that were drained must stop"
        time.sleep(1)
    before, other = {host["name"]: host["release"] for host in told}, min(idle)
    run = deploy(project, "rollback", other, str(hosts.inventory))
    assert run.returncode == 0, run.stderr
    assert set(current(hosts, on).values()) == {other}
    for host in status(hosts, project).values():
        assert (host["deploys"][0]["what"], host["deploys"][0]["result"]) == ("rollback", "good")
        assert next(each for each in host["releases"] if each["id"] == before[host["name"]])["verdict"] == "bad"
    run = deploy(project, "rollback", "0123456789ab", str(hosts.inventory))
    assert run.returncode == 1
    assert "there is no release 0123456789ab; there are: " in run.stderr
    assert play(hosts, project).returncode == 0


@pytest.mark.parametrize("fault", FAULTS)
def test_bad_release_is_refused(hosts, project, on, load, changed, fault):
    name, more, said = FAULTS[fault]
    before = current(hosts, on)
    with load() as found, changed(name, more):
        run = play(hosts, project, "-e", "release_p99_ms=40")
    assert run.returncode != 0
    assert run.stdout.count(said) >= len(before), run.stdout[-3000:]
    assert "The site is still answered by release" in run.stdout
    assert current(hosts, on) == before
    must_have_failed_none(found)
    for host in status(hosts, project).values():
        assert host["deploys"][0]["result"] == "bad" and said in host["deploys"][0]["reason"]
        assert sum(each["running"] for each in host["releases"]) <= 2


@pytest.mark.parametrize("fault", FALLING)
def test_release_that_falls_later_is_switched_back_from(hosts, project, on, load, changed, fault):
    before = current(hosts, on)
    with load() as found, changed("app/gunicorn_conf.py", FALLING[fault]):
        play(hosts, project, "-e", "systemd_memory_max=300M")  # a slow machine's gates may see it already
        deadline = time.monotonic() + 45
        while current(hosts, on) != before:
            assert time.monotonic() < deadline, "nothing went back"
            time.sleep(0.5)
        time.sleep(1)
    must_have_failed_none(found, 100)
    for host in status(hosts, project).values():
        last = host["deploys"][0]
        assert last["what"] == "switched back" or last["result"] == "bad", last
        bad = next(each for each in host["releases"] if each["id"] in (last["id"], last["reason"][:12])
                   and not each["current"])  # fmt: skip
        assert bad["verdict"] == "bad" and ("the unit is" in bad["reason"] or "memory" in bad["reason"])


def test_two_operators(hosts, project, on):
    """The second is told who and since when, at once; nothing is changed by it."""
    hook = project / "ansible" / "slow.yml"
    hook.write_text("---\n- name: Take a while\n  ansible.builtin.wait_for:\n    timeout: 12\n")
    words = ["-i", str(hosts.inventory), RELEASE, "-e", "release_before_switch=slow.yml", "-e", "app_max_rows=8001"]
    before = current(hosts, on)
    first = subprocess.Popen([tool("ansible-playbook"), *words], cwd=project, stdout=subprocess.PIPE, text=True)
    work = "grep -q {} /run/*.lock"
    deadline = time.monotonic() + 30
    while subprocess.run(hosts.by_name["test13"].ssh(work.format(project.name))).returncode:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    began = time.monotonic()
    second = hosts.play("-e", "app_max_rows=8002", playbook=RELEASE)
    assert second.status != 0
    assert time.monotonic() - began < 10
    assert f"{project} has deployed since 20" in second.output, second.output
    assert "nothing was changed" in second.output
    assert current(hosts, on) == before
    waiting = hosts.play("-e", "app_max_rows=8003", "-e", "release_lock=wait", playbook=RELEASE)
    said = first.communicate()[0]
    assert first.returncode == 0, said
    assert waiting.status == 0, waiting.output
    assert all(host["lock"] is None for host in status(hosts, project).values())


def _killer(host, unit: str, step: str) -> subprocess.Popen:
    root = "" if host.user == "root" else "sudo "
    steps = " ".join(STEPS[STEPS.index(step) :])  # a step with nothing to do may be over before it is seen
    command = f"{root}python3 - /run/{unit}.work {steps}"
    return subprocess.Popen(host.ssh(command), stdin=subprocess.PIPE, text=True)


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_any_step(hosts, project, on, load, step):
    """The program on the host, by turns on either, unless the run is to be a long one."""
    number = STEPS.index(step)
    names = list(hosts.by_name) if FULL else [list(hosts.by_name)[number % 2]]
    words = ["-e", f"app_max_rows={7000 + number}", "--limit", ",".join(names)]
    with load() as found:
        killers = [_killer(hosts.by_name[name], hosts.values[name]["systemd_unit"], step) for name in names]
        for killer in killers:
            killer.stdin.write(KILL_AT)
            killer.stdin.close()
        assert play(hosts, project, *words).returncode != 0, "it was not killed"
        assert {killer.wait() for killer in killers} == {0}
        again = play(hosts, project, *words)
        assert again.returncode == 0, again.stdout
    must_have_failed_none(found, 100)
    told = status(hosts, project)
    for name in names:
        assert told[name]["health"]["release"] == told[name]["release"]
        assert next(each for each in told[name]["releases"] if each["current"])["verdict"] == "good"


def test_operator_killed_at_random_moments(hosts, project, on, load):
    """The operator's own process; the host goes on or not, whole in any case."""
    moments = random.Random(os.environ.get("CUTS_SEED", "1"))
    with load() as found:
        for cut in range(CUTS):
            words = [tool("ansible-playbook"), "-i", str(hosts.inventory), RELEASE, "-e", f"app_max_rows={6000 + cut}"]
            running = subprocess.Popen(words, cwd=project, stdout=subprocess.DEVNULL, start_new_session=True)
            time.sleep(moments.uniform(0.5, 5))
            os.killpg(running.pid, 9)
            running.wait()
            run = play(hosts, project, "-e", f"app_max_rows={6100 + cut}")
            assert run.returncode == 0, run.stdout
    must_have_failed_none(found)


def test_maintenance(hosts, project):
    run = deploy(project, "maintenance", "on", str(hosts.inventory))
    assert run.returncode == 0, run.stderr
    try:
        for name, host in hosts.by_name.items():
            site = {"Host": hosts.values[name]["nginx_server_names"][0]}
            for accept, words_said in (("text/html", "mantenimiento"), ("application/json", "worked on")):
                answer = requests.get(f"http://{host.address}/", headers=site | {"Accept": accept}, timeout=10)
                assert (answer.status_code, answer.headers["Retry-After"]) == (503, "300")
                assert words_said in answer.text
            assert requests.get(f"http://{host.address}/health", headers=site, timeout=10).json()["status"] == "ok"
        assert all(host["maintenance"] for host in status(hosts, project).values())
        assert play(hosts, project, "-e", "app_max_rows=5001").returncode == 0, "a release goes on under maintenance"
    finally:
        assert deploy(project, "maintenance", "off", str(hosts.inventory)).returncode == 0
    for name, host in hosts.by_name.items():
        site = {"Host": hosts.values[name]["nginx_server_names"][0]}
        assert requests.get(f"http://{host.address}/", headers=site, timeout=10).status_code == 200


def test_command_tells_steps_gates_visitors_and_writes_a_page(hosts, project, changed):
    with changed("app/health.py", "# another release"):
        run = deploy(project, "release", str(hosts.inventory))
    assert run.returncode == 0, run.stderr
    for name, host in hosts.by_name.items():
        assert re.search(rf"^{name}: release [0-9a-f]{{12}}, before it [0-9a-f]{{12}}$", run.stdout, re.M), run.stdout
        assert f"http://{host.address}/health is answered by " in run.stdout
    assert run.stdout.count("golden rows: 123 answered as recorded") == 2 * len(hosts.by_name)
    assert re.search(r"visitors +\d+ requests, 0 failed, longest gap \d+ ms", run.stdout)
    page = project / re.search(r"report +(\S+)", run.stdout)[1]
    text = page.read_text()
    assert "src=" not in text and text.count("<svg") == len(hosts.by_name)
    assert all(step in text for step in STEPS)


def test_doctor_says_what_is_wrong_and_what_to_do(hosts, project, changed):
    with changed("wsgi.py", "raise RuntimeError('broken on purpose')"):
        assert play(hosts, project).returncode != 0
    run = deploy(project, "doctor", str(hosts.inventory))
    assert run.returncode == 1
    for seen in ("✓ port 80 is Nginx's", "✓ the lock is free", "of the last 20 deploys failed; the last, ",
                 "leads to no address", "say: " + hosts.by_name["test13"].address):  # fmt: skip
        assert seen in run.stdout, run.stdout


def test_as_it_was(hosts):
    assert hosts.play().status == 0
    assert hosts.verify().returncode == 0
