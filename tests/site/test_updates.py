"""Updates of a host's packages: Debian's security team's by default, more by choice, none where nobody offers them."""

from collections.abc import Callable, Iterator

import pytest

from deploy.base.paths import KIT
from tests.site.hosts import Hosts

pytestmark = pytest.mark.debian(12)

VERSIONS = "dpkg-query --show --showformat='${Package} ${Version}\\n' 'tiny-*' | grep ' .'"
OLD = {"tiny-conflicting": "1", "tiny-held": "1", "tiny-mended": "1", "tiny-needing": "1", "tiny-newer": "1"}
UPDATED = OLD | {"tiny-mended": "2", "tiny-needing": "2", "tiny-needed": "1"}
REMOVED = """rm -rf /etc/apt/sources.list.d/puerto-packages.list /srv/puerto-packages; apt-mark -q unhold tiny-held
    dpkg --purge $(dpkg-query --show --showformat='${Package} ' 'tiny-*') >/dev/null 2>&1
    rm -f /var/lib/apt/lists/*puerto-packages*"""
ANOTHER_ALONE = """mkdir /etc/apt/aside; mv /etc/apt/sources.list* /etc/apt/aside/; mkdir /etc/apt/sources.list.d
    grep other /etc/apt/aside/sources.list.d/puerto-packages.list > /etc/apt/sources.list"""
AS_BEFORE = "rm -r /etc/apt/sources.list*; mv /etc/apt/aside/* /etc/apt/; rmdir /etc/apt/aside"


@pytest.fixture
def packages(hosts: Hosts, on: Callable[..., str]) -> Iterator[Callable[[], list[dict[str, str]]]]:
    """Tiny packages of version 1 on every host, and newer ones to be had; asked for their versions."""
    script = (KIT / "tests" / "site" / "packages.sh").read_text()
    for host in hosts.by_name.values():
        on(host, script)
    yield lambda: [dict(line.split() for line in on(host, VERSIONS).splitlines()) for host in hosts.by_name.values()]
    for host in hosts.by_name.values():
        on(host, REMOVED, check=False)


def updated(hosts: Hosts, *options: str) -> dict[str, int]:
    """Run the role that looks after packages; return host → how many tasks changed something."""
    play = hosts.play("--tags", "packages", *options)
    assert play.status == 0, play.output
    return play.changed


@pytest.mark.long
def test_security_updates_alone_are_installed(hosts, packages, on):
    everywhere = dict.fromkeys(hosts.by_name, 1)
    assert packages() == [OLD] * len(hosts.by_name)
    assert updated(hosts, "-e", "packages_upgrade=none") == dict.fromkeys(hosts.by_name, 0)
    assert updated(hosts, "--check") == everywhere
    assert packages() == [OLD] * len(hosts.by_name)
    assert updated(hosts) == everywhere
    assert packages() == [UPDATED] * len(hosts.by_name), "not another's, nor held, nor one that removes another"
    for host in hosts.by_name.values():
        assert on(host, "cat /etc/tiny-mended.conf") == "edited by the administrator\n"
        assert on(host, "apt-mark showhold") == "tiny-held\n"
        assert on(host, "apt-mark showauto 'tiny-*'").split() == ["tiny-needed", "tiny-needing"]
    assert updated(hosts) == dict.fromkeys(hosts.by_name, 0)
    assert updated(hosts, "--check", "-e", "packages_upgrade=all") == everywhere, "another's would be"


def test_host_without_security_source_is_said_and_left_alone(hosts, packages, on):
    for host in hosts.by_name.values():
        on(host, ANOTHER_ALONE)
    try:
        play = hosts.play("--tags", "packages")
    finally:
        for host in hosts.by_name.values():
            on(host, AS_BEFORE)
    assert play.status == 0, play.output
    assert play.changed == dict.fromkeys(hosts.by_name, 0)
    warning = "apt has no source of security updates (label Debian-Security); nothing was updated"
    assert warning in " ".join(play.output.split()), "once for all hosts, as Ansible tells warnings"
    assert packages() == [OLD] * len(hosts.by_name)
