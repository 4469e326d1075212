"""One stranger's requests against everybody's: on the shared host; the whole table is ``deploy bench --hostile``."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import requests

from app import create_app
from app.settings import Settings
from deploy.base.paths import BUNDLES, KIT
from deploy.rehearsal import hosts as rehearsal
from tests import siege
from tests.attacks.attack import Target
from tests.attacks.routes import Route, routes_of
from tests.bench.hostile import metered
from tests.run import FULL
from tests.site.hosts import Hosts

pytestmark = pytest.mark.debian(13)

PART = 1 if FULL else 3
"""Bodies have this part of the size that Nginx lets through."""

ROUNDED_KIB = 1
"""By which a shape may be larger than it is told to be: its size is rough."""

SECONDS = 8
ROUTES = ("/modelo", "/api/v1/models/exam/predictions", "/models/exam/invocations", "/v2/models/exam/infer",
          "/models/exam", "/models/exam/table")  # fmt: skip


@pytest.fixture(scope="module")
def besieged(hosts: Hosts, host: rehearsal.Host) -> tuple[rehearsal.Host, siege.Site, list[Route], Target]:
    """A host, its site, its application's routes for bodies, and a target of them."""
    app = create_app(Settings(app_bundles=BUNDLES, secret_key="x" * 32))
    site = siege.Site(host.address, 80, hosts.values[host.name]["nginx_server_names"][0])
    site.open_form("/models/exam")
    routes = [route for route in routes_of(app, "exam") if route.method == "POST" and route.path in ROUTES]
    assert len(routes) == len(ROUTES)
    size = (hosts.values[host.name]["app_max_body_kib"] - ROUNDED_KIB) * 1024 // PART
    return host, site, routes, Target(app.extensions["models"]["exam"].contract, size, site.token)


def test_predictions_are_answered_beside_sixteen_attacks(besieged):
    _, site, routes, target = besieged
    counts = siege.crowd(site, routes, target, SECONDS)
    assert counts["failed"] == 0 and counts["requests"] > 50, counts
    assert counts["p99_ms"] < 4 * siege.P99_MS, counts  # the figure itself is the bench's: here others run beside


def test_no_attack_kills_a_worker_or_costs_more_than_its_size(besieged, hosts):
    """The worst of each protocol, behind Nginx, as large as a body may be."""
    host, site, routes, target = besieged
    worst = "empty (objects|strings)|many names|short strings|many parts|many fields|deep arrays"
    with metered(host, hosts.values[host.name]) as meter:
        cells = list(siege.cells(site, meter, routes, target, worst))
    assert len(cells) > len(ROUTES) * 6
    assert [cell for cell in cells if cell.died or not 200 <= cell.status < 500] == []


@contextmanager
def both_releases_deaf(hosts: Hosts, on: Callable[..., str], host: rehearsal.Host) -> Iterator[Callable[[], list[int]]]:
    """Let Nginx find, in the current and the warm release's place, what dies of each request; give what counts."""
    root, unit = (hosts.values[host.name][name] for name in ("app_root", "systemd_unit"))
    subprocess.run(host.ssh("cat > /tmp/deaf.py"), input=(KIT / "tests" / "site" / "deaf.py").read_bytes(), check=True)
    before = {name: on(host, f"readlink {root}/{name} || true").strip() for name in ("current", "previous")}
    on(host, "systemctl reload nginx; sleep 1")  # it keeps connections to the releases, which would go on answering
    on(host, "rm -rf /tmp/deaf && mkdir -m 755 /tmp/deaf")
    for name in before:
        deaf = f"python3 /tmp/deaf.py /tmp/deaf/{name}/{unit}.sock /tmp/deaf/{name}.count"
        on(host, f"mkdir -m 755 /tmp/deaf/{name}; touch /tmp/deaf/{name}.count\n"
           f"setsid {deaf} >/dev/null 2>&1 </dev/null & echo $! >> /tmp/deaf/pids\n"
           f"until [ -S /tmp/deaf/{name}/{unit}.sock ]; do sleep 0.05; done\n"
           f"ln -sfn /tmp/deaf/{name} {root}/{name}")  # fmt: skip
    try:
        yield lambda: [int(on(host, f"wc -c < /tmp/deaf/{name}.count")) for name in before]
    finally:
        for name, link in before.items():
            on(host, f"ln -sfn {link} {root}/{name}" if link else f"rm -f {root}/{name}")
        on(host, "xargs kill < /tmp/deaf/pids; rm -rf /tmp/deaf", check=False)


def test_what_killed_one_release_is_not_given_to_the_next(hosts, host, on):
    url = f"http://{host.address}/modelo"
    name = {"Host": hosts.values[host.name]["nginx_server_names"][0]}
    large, row = b"x" * 20_000, b'{"estudio": 6, "sueno": 8}'
    with both_releases_deaf(hosts, on, host) as counted:
        for body, expected in ((row, [1, 1]), (large, [2, 1]), (iter([row]), [3, 1])):
            answer = requests.post(url, body, headers=name, timeout=10)
            assert not answer.ok, "the pages for that are the release's too, and it has none"
            assert counted() == expected
    assert requests.post(url, row, headers=name | {"Content-Type": "application/json"}, timeout=10).status_code == 200
