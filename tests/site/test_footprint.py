"""What a first run has really touched on a host is what the preflight looks at before, and Debian's packages' own."""

import re
from collections.abc import Callable

import pytest

from deploy.rehearsal import hosts as rehearsal
from tests.site.hosts import Hosts
from tests.site.situations import LISTING

pytestmark = pytest.mark.debian(13)

ACCOUNTS = r"/etc/(passwd|group|shadow|gshadow|subuid|subgid)-?"
PACKAGES = r"/var/(cache|lib)/(apt|dpkg|debconf|ucf|systemd|python|misc|pam|private)\b.*|/usr/.*|/etc/ld\.so\.cache"
"""What installing a package writes beside its files."""

NGINX = r"/etc/systemd/system/.*/nginx\.service|/etc/rc\d\.d/.*nginx|/var/lib/nginx/\w+|/var/www(/html.*)?"
"""What the installation and the first start of Nginx make."""


def paths(listing: str) -> dict[str, str]:
    """Return path → all that the listing says of it."""
    return {line.split(" ", 1)[0]: line for line in listing.splitlines() if line.startswith("/")}


@pytest.fixture
def touched(untouched: Hosts, listed_before: str, host: rehearsal.Host, on: Callable[..., str]) -> set[str]:
    """The paths that site.yml has written or removed, but for those of Debian's packages."""
    before, after = paths(listed_before), paths(on(host, LISTING))
    changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    packaged = set(on(host, "dpkg --listfiles $(dpkg-query --show --showformat='${Package} ')").splitlines())
    theirs = re.compile("|".join((ACCOUNTS, PACKAGES, NGINX)))
    return {path for path in changed - packaged if not theirs.fullmatch(path)}


def test_run_touches_nothing_that_the_preflight_does_not_look_at(untouched, host, touched):
    play = untouched.play(playbook="ansible/doctor.yml")
    assert play.status == 0, play.output
    own = re.findall(r"holder: (?:ours|absent)\s+kind: [a-z ]+\s+name: (\S+)", play.output)
    unit = untouched.values[host.name]["systemd_unit"]
    releases = re.compile(rf"/etc/systemd/system/{unit}-[0-9a-f]{{12}}\.service")
    outside = {path for path in touched if not releases.fullmatch(path)
               and not any(path == name or path.startswith(f"{name}/") for name in own)}  # fmt: skip
    assert outside == set()
    assert len(touched) > 20 and "/etc/nginx/sites-enabled/practica_flask" in touched
