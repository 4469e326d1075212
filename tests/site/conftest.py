"""A rehearsal host for all tests of a Debian: 12, reached as a user with sudo, and 13, as root.

Each Debian is a group of its own, side by side. A file's mark says which one its tests are for, so that both are asked
in each run and neither is asked twice. With ``PUERTO_FULL=1`` each test is for both, but where the mark says ``only``.
"""

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest
import requests

from deploy.base.console import Console
from deploy.base.paths import BUNDLES, KIT
from deploy.rehearsal import hosts as rehearsal
from deploy.rehearsal.image import ADMIN
from tests.checkout import copied
from tests.run import FULL
from tests.site.common import BOOTED, scratch
from tests.site.hosts import Hosts
from tests.site.situations import LISTING

BOOT_SECONDS = 60
HTTP = "http://127.0.0.1:80"
OLD_HAND = b"""
sed -i 's/^#*UMASK.*/UMASK 077/' /etc/login.defs
grep -q pam_umask /etc/pam.d/common-session || echo 'session optional pam_umask.so' >> /etc/pam.d/common-session
mkdir -p /etc/systemd/system/sysinit.target.wants
printf '[Service]\nType=oneshot\nExecStart=/bin/true\nTypo=yes\n' > /etc/systemd/system/stranger.service
ln -sf ../stranger.service /etc/systemd/system/sysinit.target.wants/
systemctl daemon-reload
"""
"""What a host's owner may have done long before: files that only their owner reads, and a unit with a fault."""

USERS = {"debian12": ADMIN, "debian13": "root"}
"""What pytest calls a Debian → whom SSH logs in as."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give each test that needs a host those of its file's mark, or of its own."""
    if "debian" in metafunc.fixturenames:
        mark = metafunc.definition.get_closest_marker("debian")
        names = [name for name in USERS if (FULL and "only" not in mark.kwargs) or int(name[-2:]) in mark.args]
        metafunc.parametrize("debian", names, indirect=True, scope="session")


@pytest.fixture(scope="session")
def debian(request: pytest.FixtureRequest) -> str:
    """The Debian that the test is for."""
    return request.param


@contextmanager
def booted(name: str, debian: str) -> Iterator[rehearsal.Host]:
    """Boot a host as it comes, with nothing installed on it."""
    user, console = USERS[debian], Console("test")
    rehearsal.down(name)
    host = rehearsal.up(console, name, debian.removeprefix("debian"), user)
    console.log.close()
    subprocess.run(host.ssh("sudo sh" if user != "root" else "sh"), input=OLD_HAND, check=True)
    yield host
    if not os.environ.get("KEEP_TEST_HOSTS"):
        Thread(target=rehearsal.down, args=[name]).start()  # a disk may take a minute; the process ends after it


@pytest.fixture(scope="session")
def fresh(debian: str) -> Iterator[Hosts]:
    """A host on which nothing is installed."""
    with booted(f"test{debian[-2:]}", debian) as host:
        inventory = scratch(f"{host.name}.yml")
        inventory.write_text(rehearsal.inventory([host]))
        yield Hosts({host.name: host}, inventory)


@pytest.fixture
def another(debian: str) -> Iterator[rehearsal.Host]:
    """A second host, of the other Debian, on which nothing is installed."""
    (other,) = {*USERS} - {debian}
    with booted(f"another{other[-2:]}", other) as host:
        yield host


@pytest.fixture(scope="session")
def listed_before(fresh: Hosts, on: Callable[..., str]) -> str:
    """What was on the host before site.yml provisioned it."""
    (host,) = fresh.by_name.values()
    return on(host, LISTING)


@pytest.fixture(scope="session")
def hosts(fresh: Hosts, listed_before: str) -> Hosts:
    """The host; site.yml has provisioned it."""
    play = fresh.play()
    assert play.status == 0, play.output
    return fresh


@pytest.fixture(scope="session")
def untouched(hosts: Hosts) -> Hosts:
    """The host as site.yml left it: tests that ask for it come before all that change anything."""
    return hosts


@pytest.fixture(scope="session")
def host(hosts: Hosts) -> rehearsal.Host:
    """The provisioned host by itself."""
    (host,) = hosts.by_name.values()
    return host


@pytest.fixture(scope="session")
def serves_alone(hosts: Hosts, on: Callable[..., str]) -> Callable[[rehearsal.Host, str], None]:
    """Wait until a host has booted anew and answers; the current release, and none else, must do it."""

    def answers(host: rehearsal.Host, booted: str) -> str | None:
        site = {"Host": hosts.values[host.name]["nginx_server_names"][0]}
        try:
            answer = requests.get(f"http://{host.address}/health", headers=site, timeout=2)
            return answer.headers["X-Release"] if answer.ok and on(host, BOOTED) != booted else None
        except (OSError, AssertionError):
            return None

    def check(host: rehearsal.Host, booted: str) -> None:
        unit, root = (hosts.values[host.name][option] for option in ("systemd_unit", "app_root"))
        deadline = time.monotonic() + BOOT_SECONDS
        while not (release := answers(host, booted)):
            assert time.monotonic() < deadline, f"no answer {BOOT_SECONDS} s after the reboot"
            time.sleep(0.3)
        assert on(host, f"readlink {root}/current").strip() == f"releases/{release}"
        active = on(host, f"systemctl list-units --plain --no-legend --state=active '{unit}-*'").split()
        releases = [name for name in active if re.fullmatch(rf"{unit}-[0-9a-f]{{12}}\.service", name)]
        assert releases == [f"{unit}-{release}.service"]

    return check


@pytest.fixture(scope="session")
def on() -> Callable[..., str]:
    """Run a shell command on a host as root, and return what it prints; what it makes is readable for all."""

    def run(host: rehearsal.Host, command: str, check: bool = True) -> str:
        shell = "sh" if host.user == "root" else "sudo sh"
        done = subprocess.run(host.ssh(shell), input=f"umask 022\n{command}", capture_output=True, text=True)
        assert not check or done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout, with its bundles, to break."""
    copy = copied(tmp_path_factory.mktemp("releases") / "puerto")
    shutil.copytree(BUNDLES, copy / "bundles", dirs_exist_ok=True)
    return copy


@pytest.fixture
def changed(project: Path) -> Callable[..., object]:
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


@pytest.fixture(scope="session")
def wrk(hosts: Hosts, on: Callable[..., str]) -> bytes:
    """Install the load generator on the hosts; return the script it follows."""
    for host in hosts.by_name.values():
        on(host, "command -v wrk >/dev/null || { apt-get -q update && apt-get -qy install wrk; }")
    return (KIT / "tests" / "site" / "mixed.lua").read_bytes()


@pytest.fixture
def load(hosts: Hosts, on: Callable[..., str], wrk: bytes) -> Callable[..., object]:
    """Load the host, GET and POST mixed, for the time of a block; tell at its end what was seen.

    By 4 connections that leave the machine room, or as fast as 16 can; under the names that other options may give it.
    """

    @contextmanager
    def loading(fast: bool = False, of: Hosts = hosts, url: str = "") -> Iterator[dict[str, dict[str, int]]]:
        counts: dict[str, dict[str, int]] = {}
        running = {}
        connections, pause = (16, 0) if fast else (4, 10 if FULL else 40)
        for name, host in hosts.by_name.items():
            site = of.values[name]["nginx_server_names"][0]
            subprocess.run(host.ssh("cat > /tmp/mixed.lua"), input=wrk, check=True)  # a reboot empties /tmp
            arguments = f"-t1 -c{connections} -d900s --timeout 10s -s /tmp/mixed.lua {url or HTTP} -- {site}"
            command = f"PAUSE={pause} nice -n 19 wrk {arguments}"
            running[name] = subprocess.Popen(host.ssh(command), stdout=subprocess.PIPE, text=True)
        try:
            time.sleep(1)
            yield counts
        finally:
            for host in hosts.by_name.values():
                on(host, "pkill -INT -x wrk", check=False)
            for name in hosts.by_name:
                counts[name] = json.loads(running[name].communicate()[0].splitlines()[-1])

    return loading
