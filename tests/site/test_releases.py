"""Releases under load: good ones, bad ones and the way back; no visitor may notice any.

``PUERTO_FULL=1`` makes ten releases and five rollbacks.
"""

import json
import re
import time
from itertools import pairwise

import pytest
import requests

from deploy.base.paths import BUNDLES
from deploy.rehearsal import hosts as rehearsal
from tests.run import FULL
from tests.site.common import DEBIAN_12, DEBIAN_13, RELEASE, STEPS, current, deploy, must_have_failed_none, play, status

RELEASES, ROLLBACKS, LEAST_REQUESTS = (10, 5, 100_000) if FULL else (2, 1, 10_000)
LOADED = ["debian12", "debian13"] if FULL else ["debian13"]

FAULTS = {
    "does not import": ("wsgi.py", "raise RuntimeError('broken on purpose')", "broken on purpose"),
    "answers wrongly": (
        "app/api.py",
        "_right = as_json\ndef as_json(*given): return _right(*given) | {'value': 'wrong'}",
        "golden row of diabetes: 'wrong' rather than",
    ),
    "answers in another form": ("app/api.py", "def as_json(*given): return {}", "KeyError: 'value'"),
    "is slow": (
        "app/api.py",
        "import time\n_quick = as_json\ndef as_json(*given): time.sleep(0.05); return _quick(*given)",
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


@pytest.mark.alone
@pytest.mark.parametrize("host", LOADED, indirect=True)
def test_releases_and_rollbacks_under_load(hosts, host, project, on, load):
    """As fast as 16 connections can ask: each host by itself, or the machine is the limit."""
    with load(fast=True) as steady:
        time.sleep(5)
    releases = [("-e", f"app_max_rows={9000 + number}", "-e", "release_kept=12") for number in range(RELEASES)]
    changes = [("-e", option) for option in ("gunicorn_workers=3", "nginx_cache_mib=11", "gunicorn_timeout=33")]
    plays = [(each, RELEASE) for each in releases]
    plays += [((), "ansible/rollback.yml")] * ROLLBACKS + [(each, RELEASE) for each in changes]
    ids = [current(hosts, on)[host.name]]
    with load(fast=True) as found:
        for options, playbook in plays:
            run = play(hosts, project, *options, playbook=playbook)
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
    for rows in (1001, 1002):
        assert (
            play(
                hosts,
                project,
                "-e",
                f"app_max_rows={rows}",
                "-e",
                "release_warm_seconds=1",
                "-e",
                "release_watch_seconds=5",
            ).returncode
            == 0
        )
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
        verdicts = {each["id"]: each["verdict"] for each in host["releases"]}
        assert (verdicts[before[host["name"]]], verdicts[other]) == ("bad", "good")
    run = deploy(project, "rollback", "0123456789ab", str(hosts.inventory))
    assert run.returncode == 1
    assert "there is no release 0123456789ab; there are: " in run.stderr
    assert play(hosts, project).returncode == 0


@pytest.mark.alone
def test_rollback_on_the_host_itself_takes_less_than_a_second(hosts, host, project, on):
    """As when nobody can reach it from where the project is; until the switch, after which it is verified."""
    root = hosts.values[host.name]["app_root"]
    before = on(host, f"readlink {root}/current")
    assert play(hosts, project, "-e", "app_max_rows=2001").returncode == 0
    seconds = json.loads(on(host, f"cd {root}/current && python3 -m puerto rollback"))
    assert on(host, f"readlink {root}/current") == before
    assert sum(seconds[step] for step in ("check", "start", "switch")) < 1, seconds


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


def test_release_that_falls_while_another_is_refused(hosts, project, on, changed):
    before = current(hosts, on)
    with changed("app/gunicorn_conf.py", FALLING["crashes after 5 s"].replace("5", "15")):
        assert play(hosts, project).returncode == 0
    with changed("wsgi.py", "raise RuntimeError('broken on purpose')"):
        assert play(hosts, project).returncode != 0
    deadline = time.monotonic() + 45
    while current(hosts, on) != before:
        assert time.monotonic() < deadline, "nothing went back"
        time.sleep(0.5)


def test_current_release_is_mended_and_left_where_it_cannot_be(hosts, project, on, load):
    """The one before, which is warm, answers meanwhile."""
    before = current(hosts, on)
    assert play(hosts, project, "-e", "app_max_rows=3001").returncode == 0
    now, by_hand = current(hosts, on), "echo '# by hand' >> {}/current/.env"
    drop_in = "/etc/systemd/system/{}-{}.service.d"
    with load() as found:
        for name, host in hosts.by_name.items():
            on(host, by_hand.format(hosts.values[name]["app_root"]))
        assert play(hosts, project, "-e", "app_max_rows=3001").returncode == 0
        assert current(hosts, on) == now
        for name, host in hosts.by_name.items():
            assert "by hand" not in on(host, f"cat {hosts.values[name]['app_root']}/current/.env")
            folder = drop_in.format(hosts.values[name]["systemd_unit"], now[name])
            on(host, f"mkdir {folder}; printf '[Service]\\nExecStart=\\nExecStart=/bin/false\\n' > {folder}/x.conf")
            on(host, f"systemctl daemon-reload; {by_hand.format(hosts.values[name]['app_root'])}")
        run = play(hosts, project, "-e", "app_max_rows=3001")
        assert run.returncode != 0
        assert current(hosts, on) == before
        assert all(f"The site is answered by release {release}." in run.stdout for release in before.values())
    for name, host in hosts.by_name.items():
        on(host, f"rm -r {drop_in.format(hosts.values[name]['systemd_unit'], now[name])}; systemctl daemon-reload")
    must_have_failed_none(found)
    assert play(hosts, project, "-e", "app_max_rows=3002").returncode == 0


def test_fault_of_a_neighbour_costs_the_current_release_nothing(hosts, project, on):
    """Nginx's folder has a file that can't be read, after a reboot; then another's site that is called as ours."""
    assert play(hosts, project, "-e", "app_max_rows=3002").returncode == 0
    before = current(hosts, on)
    for name, host in hosts.by_name.items():
        on(host, f"echo nonsense > /etc/nginx/conf.d/x.conf; rm /run/{hosts.values[name]['systemd_unit']}-site.loaded")
    run = play(hosts, project, "-e", "app_max_rows=3002")
    assert run.returncode != 0 and run.stdout.count("unexpected end of file") >= len(before), run.stdout
    assert current(hosts, on) == before
    for name, host in status(hosts, project).items():
        assert next(each for each in host["releases"] if each["current"])["verdict"] == "good"
        on(hosts.by_name[name], "rm /etc/nginx/conf.d/x.conf; touch /etc/nginx/sites-available/stranger")
    assert play(hosts, project, "-e", "app_max_rows=3002").returncode == 0
    roots = {values["app_root"] for values in hosts.values.values()}
    run = play(hosts, project, "-e", "app_name=stranger", "-e", f"app_root={roots.pop()}")
    assert run.returncode != 0 and "sites-available/stranger is another's: choose another app_name" in run.stdout
    assert current(hosts, on) == before


def test_release_that_was_stopped_while_a_hook_ran_is_started_again(hosts, project, on):
    stop = "systemctl stop {{ systemd_unit }}-{{ release_done.report.id }}"
    (project / "ansible" / "stop.yml").write_text(f"---\n- name: Stop it\n  ansible.builtin.command: {stop}\n")
    before = current(hosts, on)
    run = play(hosts, project, "-e", "release_before_switch=stop.yml", "-e", "app_max_rows=3003")
    assert run.returncode == 0, run.stdout
    assert not set(current(hosts, on).values()) & set(before.values())


def test_new_names_are_no_failure_of_the_visitors(hosts, project):
    """A release that answers to other names can't be asked by the old ones, nor the one before by the new."""
    assert play(hosts, project, "-e", '{"nginx_server_names": ["renamed.example"]}').returncode == 0
    assert all(host["deploys"][0]["downtime"] == {} for host in status(hosts, project).values())
    assert play(hosts, project).returncode == 0


def test_command_that_waits_for_the_watch_fails_where_the_release_falls(hosts, project, on, changed):
    before = current(hosts, on)
    with changed("app/gunicorn_conf.py", FALLING["crashes after 5 s"]):
        run = deploy(project, "release", "--watch", str(hosts.inventory))
    assert run.returncode == 1
    assert current(hosts, on) == before
    for name, release in before.items():
        assert re.search(rf"^{name}: .*the unit is", run.stderr, re.M), run.stderr
        assert f"answered by release {release}" in run.stderr


def test_staging_and_production(pair, project, on):
    """Two environments of one project, each with its host and options; neither notices the other."""
    of = {"staging": DEBIAN_12, "production": DEBIAN_13}
    for environment, name in of.items():
        folder = project / "ansible" / "inventories" / environment
        (folder / "group_vars").mkdir(parents=True)
        (folder / "hosts.yml").write_text(rehearsal.inventory([pair.by_name[name]]))
        (folder / "group_vars" / "all.yml").write_text(f"---\napp_max_rows: {4000 + len(environment)}\n")
    seen = [current(pair, on)]
    for words in (
        ("release", "staging"),
        ("release", "production"),
        ("rollback", "staging"),
        ("rollback", "production"),
    ):
        run = deploy(project, *words)
        assert run.returncode == 0, run.stderr
        seen.append(current(pair, on))
    first, staged, released, unstaged, back = seen
    assert staged == first | {DEBIAN_12: staged[DEBIAN_12]} != first
    assert released == staged | {DEBIAN_13: released[DEBIAN_13]} != staged
    assert unstaged == released | {DEBIAN_12: first[DEBIAN_12]}
    assert back == first
    for environment, name in of.items():
        told = json.loads(deploy(project, "status", "--json", environment).stdout)
        assert [host["name"] for host in told["hosts"]] == [name]
        assert re.search(rf"^APP_MAX_ROWS={4000 + len(environment)}$", on(pair.by_name[name],
            f"cat {pair.values[name]['app_root']}/releases/{released[name]}/.env"), re.M)  # fmt: skip


def test_maintenance(hosts, project):
    run = deploy(project, "maintenance", "on", str(hosts.inventory))
    assert run.returncode == 0, run.stderr
    try:
        for name, host in hosts.by_name.items():
            site = {"Host": hosts.values[name]["nginx_server_names"][0]}
            for accept, words_said in (("text/html", "mantenimiento"), ("application/json", "worked on")):
                answer = requests.get(f"http://{host.address}/", headers=site | {"Accept": accept}, timeout=10)
                assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
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
        assert re.search(rf"^{name}: release \w{{12}}, previous release \w{{12}}$", run.stdout, re.M), run.stdout
        assert f"http://{host.address}/health is answered by " in run.stdout
    rows = sum(len(json.loads(file.read_text())["golden"]) for file in BUNDLES.glob("*/model.json"))
    assert run.stdout.count(f"golden rows: {rows} answered as recorded") == 2 * len(hosts.by_name)
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
                 "resolves to no address", "say: " + max(host.address for host in hosts.by_name.values())):  # fmt: skip
        assert seen in run.stdout, run.stdout
