"""Releases under load, and the way back; no visitor may notice any.

``PUERTO_FULL=1`` makes ten releases and five rollbacks, alone on the machine and as fast as can be asked: only then are
answers timed.
"""

import json
import re
import time
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import requests

from deploy.base.paths import BUNDLES
from deploy.rehearsal import hosts as rehearsal
from tests.run import FULL
from tests.site.common import RELEASE, STEPS, current, deploy, must_have_failed_none, play, scratch, status
from tests.site.hosts import Hosts

pytestmark = pytest.mark.debian(13)

RELEASES, ROLLBACKS, LEAST_REQUESTS = (10, 5, 100_000) if FULL else (1, 1, 1_000)
OPTIONS = ("gunicorn_workers=3", "nginx_cache_mib=11", "gunicorn_timeout=33")[: 3 if FULL else 1]


@pytest.mark.parametrize("fast", [pytest.param(True, marks=pytest.mark.alone) if FULL else False], ids=["load"])
def test_releases_and_rollbacks_under_load(hosts, host, project, on, load, fast):
    with load(fast=fast) as steady:
        time.sleep(5)
    releases = [("-e", f"app_max_rows={9000 + number}", "-e", "release_kept=12") for number in range(RELEASES)]
    changes = [("-e", option) for option in OPTIONS]
    plays = [(options, RELEASE) for options in releases]
    plays += [((), "ansible/rollback.yml")] * ROLLBACKS + [(options, RELEASE) for options in changes]
    ids = [current(hosts, on)[host.name]]
    with load(fast=fast) as visitors:
        for options, playbook in plays:
            run = play(hosts, project, *options, playbook=playbook)
            assert run.returncode == 0, run.stdout
            ids.append(current(hosts, on)[host.name])
    must_have_failed_none(visitors, LEAST_REQUESTS)
    assert not fast or visitors[host.name]["p99"] <= 5 * steady[host.name]["p99"], (steady, visitors)
    assert all(one != other for one, other in pairwise(ids)), ids
    assert ids[RELEASES - 1] == ids[RELEASES + 1], "a bare rollback goes to the release before"


def _idle(reports: Iterable[dict[str, Any]]) -> set[str]:
    """Return the good releases that every host has and none runs."""
    good = ([release for release in host["releases"] if release["verdict"] == "good"] for host in reports)
    return set.intersection(*({release["id"] for release in releases if not release["running"]} for releases in good))


def _running_and_idle(hosts: Hosts, project: Path) -> tuple[dict[str, str], str]:
    """Wait until releases that were drained have stopped; return host → its current release, and one of the others."""
    deadline = time.monotonic() + 60
    while not (idle := _idle(reports := status(hosts, project).values())):
        assert time.monotonic() < deadline, "those that were drained must stop"
        time.sleep(1)
    return {host["name"]: host["release"] for host in reports}, min(idle)


def test_rollback_to_a_named_release_and_what_is_told_of_it(hosts, project, on):
    for rows in (1001, 1002):
        options = (f"app_max_rows={rows}", "release_warm_seconds=1", "release_watch_seconds=5")
        assert play(hosts, project, *(part for option in options for part in ("-e", option))).returncode == 0
    before, other = _running_and_idle(hosts, project)
    run = deploy(project, "rollback", other, str(hosts.inventory))
    assert run.returncode == 0, run.stderr
    assert set(current(hosts, on).values()) == {other}
    for host in status(hosts, project).values():
        assert (host["deploys"][0]["what"], host["deploys"][0]["result"]) == ("rollback", "good")
        verdicts = {release["id"]: release["verdict"] for release in host["releases"]}
        assert (verdicts[before[host["name"]]], verdicts[other]) == ("bad", "good")
    run = deploy(project, "rollback", "0123456789ab", str(hosts.inventory))
    assert run.returncode == 1
    assert "there is no release 0123456789ab; there are: " in run.stderr


@pytest.mark.alone
def test_rollback_on_the_host_itself_takes_less_than_a_second(hosts, host, project, on):
    """As when nobody can reach it from where the project is; until the switch, after which it is verified."""
    root = hosts.values[host.name]["app_root"]
    before = on(host, f"readlink {root}/current")
    assert play(hosts, project, "-e", "app_max_rows=2001").returncode == 0
    seconds = json.loads(on(host, f"cd {root}/current && python3 -m puerto rollback"))
    assert on(host, f"readlink {root}/current") == before
    assert sum(seconds[step] for step in ("check", "start", "switch")) < 1, seconds


def test_release_that_was_stopped_while_a_hook_ran_is_started_again(hosts, project, on):
    stop = "systemctl stop {{ systemd_unit }}-{{ release_done.report.id }}"
    (project / "ansible" / "stop.yml").write_text(f"---\n- name: Stop it\n  ansible.builtin.command: {stop}\n")
    before = current(hosts, on)
    run = play(hosts, project, "-e", "release_before_switch=stop.yml", "-e", "app_max_rows=3003")
    assert run.returncode == 0, run.stdout
    assert not set(current(hosts, on).values()) & set(before.values())


@pytest.mark.long
def test_new_names_are_no_failure_of_the_visitors(hosts, project):
    """A release that answers to other names can't be asked by the old ones, nor the one before by the new."""
    assert play(hosts, project, "-e", '{"nginx_server_names": ["renamed.example"]}').returncode == 0
    assert all(host["deploys"][0]["downtime"] == {} for host in status(hosts, project).values())
    assert play(hosts, project).returncode == 0


@pytest.mark.long
def write_environments(project: Path, of: dict[str, rehearsal.Host]) -> None:
    for environment, host in of.items():
        folder = project / "ansible" / "inventories" / environment
        (folder / "group_vars").mkdir(parents=True)
        (folder / "hosts.yml").write_text(rehearsal.inventory([host]))
        (folder / "group_vars" / "all.yml").write_text(f"---\napp_max_rows: {4000 + len(environment)}\n")


def test_staging_and_production(hosts, host, another, project, on):
    """Two environments of one project, each with its host and options; neither notices the other."""
    of = {"staging": another, "production": host}
    write_environments(project, of)
    root = hosts.values[host.name]["app_root"]

    def after(*command: str) -> list[str]:
        run = deploy(project, *command)
        assert run.returncode == 0, run.stderr
        return [on(its, f"readlink {root}/current; true").strip() for its in of.values()]

    first, staged = after("status", "production"), after("up", "staging")
    released = after("release", "production")
    back = after("rollback", "production")
    assert staged[1] == first[1] and staged[0]
    assert released[0] == staged[0] and released[1] != staged[1]
    assert back == staged
    for environment, its in of.items():
        status_of = json.loads(deploy(project, "status", "--json", environment).stdout)
        assert [entry["name"] for entry in status_of["hosts"]] == [its.name]
    both = scratch("both.yml")
    inventory = json.loads(rehearsal.inventory(list(of.values())))
    both.write_text(json.dumps(inventory | {"all": inventory["all"] | {"vars": {"app_max_rows": 4100}}}))
    together = after("release", str(both))
    assert all(now and now != before for now, before in zip(together, back, strict=True)), "one run for two hosts"
    assert after("rollback", str(both)) == back
    rows, secrets = ([on(its, f"grep ^{name}= {root}/{release}/.env") for its, release in
                      zip(of.values(), released, strict=True)] for name in ("APP_MAX_ROWS", "SECRET_KEY"))  # fmt: skip
    assert rows == [f"APP_MAX_ROWS={4000 + len(environment)}\n" for environment in of]
    assert len(set(secrets)) == 2


def test_maintenance(hosts, project):
    run = deploy(project, "maintenance", "on", str(hosts.inventory))
    assert run.returncode == 0, run.stderr
    try:
        for name, host in hosts.by_name.items():
            site = {"Host": hosts.values[name]["nginx_server_names"][0]}
            for accept, sentence in (("text/html", "mantenimiento"), ("application/json", "maintenance")):
                answer = requests.get(f"http://{host.address}/", headers=site | {"Accept": accept}, timeout=10)
                assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
                assert sentence in answer.text
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
