"""Deployments made by hand are taken over under load, and put back by the program that was left with their copy."""

import http.client
import json
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests

from deploy.base.paths import KIT
from deploy.rehearsal import hosts as rehearsal
from tests.site.common import deploy, scratch
from tests.site.handmade import LAYOUTS, Layout
from tests.site.situations import listing

pytestmark = pytest.mark.debian(12)

LISTING = listing("/var/lib/apt", "/var/cache/apt", "/etc/*-", "*/__pycache__", times=False)
"""Prints all that a person could find changed on the host."""

FIRST, *REST = LAYOUTS
FAILING = REST[0]
"""The one that is taken over at the second attempt."""

WAYS = [FIRST, *(pytest.param(way, marks=pytest.mark.long) for way in REST)]


@contextmanager
def visitors(host: rehearsal.Host, name: str) -> Iterator[Counter[str]]:
    """Ask for a site's first page meanwhile, on connections of their own and on one that is kept; count the answers.

    A kept connection that Nginx has closed before a request is opened again, as any client does.
    """
    counts: Counter[str] = Counter()
    stop = threading.Event()
    arguments = (host.address, name, counts, stop)
    threads = [threading.Thread(target=_visit, args=[*arguments, keeps]) for keeps in (False, False, True)]
    for thread in threads:
        thread.start()
    try:
        yield counts
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _visit(address: str, name: str, counts: Counter[str], stop: threading.Event, keeps: bool) -> None:
    connection = http.client.HTTPConnection(address, timeout=10)
    while not stop.wait(0.1):  # three of them stay below the limit of pages
        try:
            connection.request("GET", "/", headers={"Host": name})
            response = connection.getresponse()
            response.read()
            counts[str(response.status)] += 1
        except (ConnectionResetError, http.client.RemoteDisconnected, BrokenPipeError) as fault:
            counts["closed" if keeps else repr(fault)] += 1
            connection.close()
        except OSError as fault:
            counts[repr(fault)] += 1
        if not keeps:
            connection.close()
    connection.close()


def must_have_failed_none(counts: Counter[str], least: int) -> None:
    assert set(counts) <= {"200", "closed"}, counts
    assert counts["200"] >= least and counts["closed"] <= 5, counts


def page(host: rehearsal.Host, name: str) -> str:
    return requests.get(f"http://{host.address}/", headers={"Host": name}, timeout=10).text


def inventory(host: rehearsal.Host, layout: Layout, **options: str) -> str:
    """Write an inventory of the host for the application that takes a deployment's place, and return its path."""
    data = json.loads(rehearsal.inventory([host]))
    names = [layout.server_name, f"www.{layout.server_name}"]
    data["all"]["vars"] = {
        "app_name": layout.app_name,
        "nginx_server_names": names,
        "packages_upgrade": "none",
    } | options
    path = scratch("adopted.yml")
    path.write_text(json.dumps(data))
    return str(path)


@pytest.mark.parametrize("way", WAYS)
def test_deployment_made_by_hand_is_taken_over_and_put_back(host, on, way):
    layout = LAYOUTS[way]
    on(host, layout.script())
    before, path = on(host, LISTING), inventory(host, layout)
    must_be_told_before(layout, deploy(KIT, "up", path).stderr, deploy(KIT, "adopt", path))
    assert on(host, LISTING) == before, "nothing was confirmed yet"
    if way == FAILING:
        fails_before_the_switch(host, layout)
        path = inventory(host, layout)
    with visitors(host, layout.server_name) as counts:
        run = deploy(KIT, "adopt", path, "--yes")
        assert run.returncode == 0, run.stdout + run.stderr
        time.sleep(1)
    must_have_failed_none(counts, 200)
    assert 'href="/models/exam"' in page(host, layout.server_name)
    again = deploy(KIT, "up", path)
    assert again.returncode == 0 and "changed=0" in again.stdout, again.stdout + again.stderr
    restore = re.search(r"^  (sh /var/backups/puerto/\S+/restore.sh)$", run.stdout, re.M)[1]
    with visitors(host, layout.server_name) as counts:
        said = on(host, restore)
    must_have_failed_none(counts, 50)
    assert "Everything is as it was, but for the packages" in said
    assert page(host, layout.server_name) == "<h1>App desplegada a mano</h1>"
    assert on(host, LISTING) == before
    removed(host, on, layout)


def fails_before_the_switch(host: rehearsal.Host, layout: Layout) -> None:
    """Begin to take a deployment over, and end before the switch, as a hook of the operator's may: it goes on."""
    hook = scratch("failing.yml")
    hook.write_text("[{name: Fail, ansible.builtin.fail: {msg: not today}}]\n")
    path = inventory(host, layout, release_before_switch=str(hook))
    with visitors(host, layout.server_name) as counts:
        run = deploy(KIT, "adopt", path, "--yes")
        assert run.returncode == 1 and "not today" in run.stderr, run.stdout + run.stderr
    must_have_failed_none(counts, 100)
    assert page(host, layout.server_name) == "<h1>App desplegada a mano</h1>"


def must_be_told_before(layout: Layout, refused: str, asked: object) -> None:
    """Check what an operator reads before anything is changed."""
    assert layout.app_name in refused
    assert "python3 -m deploy adopt <environment>" in refused
    assert asked.returncode == 1 and "Nothing was changed." in asked.stderr, asked.stderr
    unit, model = f"/etc/systemd/system/{layout.unit}.service", "python3 -m deploy model add modelo.pkl"
    answer, settings = "200, text/html: “App desplegada a mano”", "FLASK_APP FLASK_ENV"
    for part in (answer, layout.site, unit, layout.folder, layout.address, settings, model):
        assert part in asked.stdout, (part, asked.stdout)


def removed(host: rehearsal.Host, on: object, layout: Layout) -> None:
    on(host, f"""systemctl disable --quiet --now {layout.unit}; userdel --remove {layout.user} 2>/dev/null
        rm -rf /etc/systemd/system/{layout.unit}.service {layout.folder} {layout.site}
        find /etc/nginx/sites-enabled -xtype l -delete; systemctl daemon-reload; nginx -s reload""")  # fmt: skip


SPEAKS_HTTPS = """openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 9 -subj /CN={name} \
    -addext subjectAltName=DNS:{name} -keyout /etc/ssl/hand.key -out /etc/ssl/hand.pem 2>/dev/null
    lines='listen 443 ssl; ssl_certificate /etc/ssl/hand.pem; ssl_certificate_key /etc/ssl/hand.key;'
    sed -i "s#listen 80;#& $lines#" {site}
    sed 's/server_name .*/server_name other.example;/' {site} > {other}; nginx -s reload; sleep 1"""


def test_deployment_with_which_something_would_end_is_left(host, on):
    """Another site that asks its unit, and the HTTPS that it speaks; both are said at once."""
    layout = LAYOUTS[FIRST]
    other = "/etc/nginx/conf.d/other.conf"
    on(host, layout.script())
    on(host, SPEAKS_HTTPS.format(name=layout.server_name, site=layout.site, other=other))
    before = on(host, LISTING)
    run = deploy(KIT, "adopt", inventory(host, layout), "--yes")
    assert run.returncode == 1
    assert f"{other} asks the deployment's unit too, and would lose it" in run.stderr
    way = "nginx_https: local would end that: set nginx_https: own"
    assert f"/etc/nginx/sites-enabled/{layout.app_name} speaks HTTPS; {way}" in run.stderr
    assert "(/etc/ssl/hand.pem, /etc/ssl/hand.key)" in run.stderr
    assert on(host, LISTING) == before
    asked = f"openssl s_client -quiet -ign_eof -connect 127.0.0.1:443 -servername {layout.server_name} 2>/dev/null"
    answer = on(host, f"printf 'GET / HTTP/1.0\\r\\nHost: {layout.server_name}\\r\\n\\r\\n' | {asked}")
    assert "App desplegada a mano" in answer
    on(host, f"rm {other} /etc/ssl/hand.*")
    removed(host, on, layout)


def test_nothing_to_take_over_is_said(hosts):
    run = deploy(KIT, "adopt", str(hosts.inventory), "--yes")
    assert run.returncode == 1
    assert "nothing to take over: no site of this name, and no unit flask_app.service" in run.stderr
