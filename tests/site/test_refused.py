"""Releases that are refused, or fall later: the one before goes on, and no visitor may notice."""

import re
import time

import pytest

from tests.site.common import current, deploy, must_have_failed_none, play, status

pytestmark = pytest.mark.debian(12)

FAULTS = {
    "does not import": ("wsgi.py", "raise RuntimeError('broken on purpose')", "broken on purpose"),
    "answers wrongly": (
        "app/api.py",
        "_right = as_json\ndef as_json(*arguments): return _right(*arguments) | {'value': 'wrong'}",
        "golden row of diabetes: 'wrong' rather than",
    ),
    "answers in another form": ("app/api.py", "def as_json(*arguments): return {}", "KeyError: 'value'"),
    "is slow": (
        "app/api.py",
        "import time\n_quick = as_json\ndef as_json(*arguments): time.sleep(0.05); return _quick(*arguments)",
        "more than 40 (release_p99_ms)",
    ),
    "a lock that can't be installed": ("Pipfile.lock", None, "hash"),
    "a site that can't be read": ("nginx/site.j2", "nonsense here;", "unknown directive"),
}
"""What is wrong with a release → a file, what is added to it, and what must be said."""

SHORT = ("does not import", "answers wrongly", "a site that can't be read")
"""The faults that each run tries, one per gate that is built otherwise; the others are long tests."""

FALLING = {
    "crashes after 5 s": "import threading\nthreading.Timer(5, lambda: os._exit(3)).start()",
    "leaks to its limit": "import threading, time\ndef _leak():\n    kept = []\n    time.sleep(6)\n    while True:\n"
    "        kept.append(b'x' * 20_000_000); time.sleep(0.1)\nthreading.Thread(target=_leak, daemon=True).start()",
}
"""Faults that no gate can see, since they come later → what is added to app/gunicorn_conf.py."""

FIRST_TO_FALL, *OTHERS_TO_FALL = FALLING


@pytest.mark.parametrize(
    "fault", [*SHORT, *(pytest.param(fault, marks=pytest.mark.long) for fault in FAULTS if fault not in SHORT)]
)
def test_bad_release_is_refused(hosts, project, on, load, changed, fault):
    name, more, reason = FAULTS[fault]
    before = current(hosts, on)
    with load() as visitors, changed(name, more):
        run = play(hosts, project, "-e", "release_p99_ms=40")
    assert run.returncode != 0
    assert run.stdout.count(reason) >= len(before), run.stdout[-3000:]
    assert "The site is still answered by release" in run.stdout
    assert current(hosts, on) == before
    must_have_failed_none(visitors)
    for host in status(hosts, project).values():
        assert host["deploys"][0]["result"] == "bad" and reason in host["deploys"][0]["reason"]
        assert sum(release["running"] for release in host["releases"]) <= 2


@pytest.mark.parametrize(
    "fault", [FIRST_TO_FALL, *(pytest.param(fault, marks=pytest.mark.long) for fault in OTHERS_TO_FALL)]
)
def test_release_that_falls_later_is_switched_back_from(hosts, project, on, load, changed, fault):
    before = current(hosts, on)
    with load() as visitors, changed("app/gunicorn_conf.py", FALLING[fault]):
        play(hosts, project, "-e", "systemd_memory_max=300M")  # a slow machine's gates may see it already
        deadline = time.monotonic() + 45
        while current(hosts, on) != before:
            assert time.monotonic() < deadline, "nothing went back"
            time.sleep(0.5)
        time.sleep(1)
    must_have_failed_none(visitors, 100)
    for host in status(hosts, project).values():
        last = host["deploys"][0]
        assert last["what"] == "switched back" or last["result"] == "bad", last
        bad = next(release for release in host["releases"] if release["id"] in (last["id"], last["reason"][:12])
                   and not release["current"])  # fmt: skip
        assert bad["verdict"] == "bad" and ("the unit is" in bad["reason"] or "memory" in bad["reason"])


@pytest.mark.long
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


@pytest.mark.long
def test_current_release_is_mended_and_left_where_it_cannot_be(hosts, project, on, load):
    """The one before, which is warm, answers meanwhile."""
    before = current(hosts, on)
    assert play(hosts, project, "-e", "app_max_rows=3001").returncode == 0
    now, by_hand = current(hosts, on), "echo '# by hand' >> {}/current/.env"
    drop_in = "/etc/systemd/system/{}-{}.service.d"
    with load() as visitors:
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
    must_have_failed_none(visitors)
    assert play(hosts, project, "-e", "app_max_rows=3002").returncode == 0


@pytest.mark.long
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
        assert next(release for release in host["releases"] if release["current"])["verdict"] == "good"
        on(hosts.by_name[name], "rm /etc/nginx/conf.d/x.conf; touch /etc/nginx/sites-available/stranger")
    assert play(hosts, project, "-e", "app_max_rows=3002").returncode == 0
    roots = {values["app_root"] for values in hosts.values.values()}
    run = play(
        hosts, project, "-e", "app_name=stranger", "-e", f"app_root={roots.pop()}", "-e", "systemd_unit=flask_app"
    )
    assert run.returncode != 0 and "sites-available/stranger was not written by Puerto: choose" in run.stdout
    assert current(hosts, on) == before


@pytest.mark.long
def test_command_that_waits_for_the_watch_fails_where_the_release_falls(hosts, project, on, changed):
    before = current(hosts, on)
    with changed("app/gunicorn_conf.py", FALLING["crashes after 5 s"]):
        run = deploy(project, "release", "--watch", str(hosts.inventory))
    assert run.returncode == 1
    assert current(hosts, on) == before
    for name, release in before.items():
        assert re.search(rf"^{name}: .*the unit is", run.stderr, re.M), run.stderr
        assert f"answered by release {release}" in run.stderr


def test_doctor_says_what_is_wrong_and_what_to_do(hosts, project, changed):
    with changed("wsgi.py", "raise RuntimeError('broken on purpose')"):
        assert play(hosts, project).returncode != 0
    run = deploy(project, "doctor", str(hosts.inventory))
    assert run.returncode == 1
    for line in ("✓ port 80 is Nginx's", "✓ the lock is free", "of the last 20 deploys failed; the last, ",
                 "resolves to no address", "say: " + max(host.address for host in hosts.by_name.values())):  # fmt: skip
        assert line in run.stdout, run.stdout
