"""Servers that have seen life: what was there before is refused, or worked beside, and left as it was in any case.

``.venv/bin/pytest tests/site/test_situations.py -v`` lists situation and outcome.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest
import requests

from deploy.base.paths import KIT
from deploy.rehearsal import hosts as rehearsal
from tests.site import situations
from tests.site.common import BOOTED, deploy, scratch
from tests.site.hosts import Hosts
from tests.site.situations import DEAD_NGINX, FOLDERS, IN_THE_WAY, LISTING, VALUES, Situation

pytestmark = pytest.mark.debian(13)


def inventory(host: rehearsal.Host, **values: object) -> str:
    """Write an inventory of the host for the other application, and return its path."""
    data = json.loads(rehearsal.inventory([host]))
    data["all"]["vars"] = VALUES | values
    path = scratch("tienda.yml")
    path.write_text(json.dumps(data))
    return str(path)


@pytest.fixture(scope="module")
def refusal(host: rehearsal.Host, on: Callable[..., str]) -> Callable[[Sequence[Situation]], str]:
    """Bring situations about, run up, and return what it says; nothing may have changed meanwhile."""

    def refuse(brought_about: Sequence[Situation]) -> str:
        for situation in brought_about:
            on(host, situation.prepared)
        try:
            before = on(host, LISTING)
            run = deploy(KIT, "up", inventory(host))
            assert on(host, LISTING) == before
        finally:
            for situation in brought_about:
                on(host, situation.undone)
        assert run.returncode == 1
        assert "Traceback" not in run.stdout + run.stderr
        return run.stderr

    return refuse


@pytest.fixture(scope="module")
def in_the_way(refusal: Callable[[Sequence[Situation]], str]) -> str:
    return refusal(IN_THE_WAY)


@pytest.fixture(scope="module")
def dead_nginx(refusal: Callable[[Sequence[Situation]], str]) -> str:
    return refusal(DEAD_NGINX)


def refused(name: str) -> str:
    return f"{name}: refused"


@pytest.mark.parametrize("situation", IN_THE_WAY, ids=[refused(situation.name) for situation in IN_THE_WAY])
def test_what_is_another_s_is_refused_before_anything_changes(in_the_way, situation):
    assert situation.sentence in in_the_way
    assert "secret" not in in_the_way


def test_both_ways_out_are_told(in_the_way):
    assert (
        "Give this application a name of its own: app_name, which its folder, unit, user and site follow" in in_the_way
    )
    assert "app_root, app_user, nginx_access_log and nginx_error_log, nginx_server_names, systemd_unit" in in_the_way
    assert "python3 -m deploy adopt <environment>" in in_the_way


@pytest.mark.parametrize("situation", DEAD_NGINX, ids=[refused(situation.name) for situation in DEAD_NGINX])
def test_nginx_that_could_not_serve_is_refused(dead_nginx, situation):
    assert situation.sentence in dead_nginx


def test_port_s_owner_is_told_with_the_way_to_stop_it(dead_nginx):
    assert "apache2.service), so Nginx couldn't listen there: stop it (systemctl disable --now apache2" in dead_nginx


@pytest.mark.parametrize("folder", FOLDERS, ids=refused)
def test_folder_where_the_application_could_not_run_is_refused(host, on, folder):
    on(host, "mkdir -p /data; ln -sfn /data /srv/linked")
    run = deploy(KIT, "doctor", inventory(host, app_root=folder))
    on(host, "rm -r /data /srv/linked")
    assert run.returncode == 1 and f"✗ {FOLDERS[folder]}" in run.stdout, run.stdout + run.stderr


def test_broken_configuration_of_a_neighbour_is_refused(host, on):
    on(host, "echo nonsense > /etc/nginx/conf.d/x.conf")
    run = deploy(KIT, "doctor", inventory(host))
    on(host, "rm /etc/nginx/conf.d/x.conf")
    assert "✗ Nginx can't read its configuration as it is: unexpected end of file" in run.stdout, run.stdout


def answers(host: rehearsal.Host, name: str = "") -> str:
    """Ask the host's Nginx by a name, or by the bare address; return the text, empty for no answer."""
    try:
        headers = {"Host": name} if name else {}
        return requests.get(f"http://{host.address}/", headers=headers, timeout=10).text
    except requests.ConnectionError:
        return ""


@contextmanager
def beside(hosts: Hosts, host: rehearsal.Host, on: Callable[..., str], prepared: str, undone: str) -> Iterator[None]:
    """Bring a neighbour about, and run site.yml, which must work; at the end undo it, and run it again."""
    on(host, prepared)
    try:
        play = hosts.play()
        assert play.status == 0, play.output
        yield
    finally:
        on(host, f"{undone}; nginx -s reload")
        after = hosts.play()
    assert after.status == 0, after.output
    assert answers(host) == ""


STATUS = "server { listen 127.0.0.1:80; server_name 127.0.0.1; location /nginx_status { stub_status; } }"
"""As programs that watch Nginx have people write it."""

WATCH = "python3 -c \"import urllib.request as u; print(u.urlopen('http://127.0.0.1/nginx_status').read())\""

OWN_DEFAULT = f"""echo '# mine' >> /etc/nginx/sites-available/default
    ln -s /etc/nginx/sites-available/default {situations.ENABLED}/default
    echo 'my own page' > /var/www/html/index.html
    echo 'server_names_hash_bucket_size 128;' > /etc/nginx/conf.d/sizes.conf
    echo '{STATUS}' > /etc/nginx/conf.d/status.conf
    rm /etc/nginx/conf.d/unknown_hosts.conf; nginx -s reload"""
DEBIANS_DEFAULT = f"""rm {situations.ENABLED}/default /var/www/html/index.html
    rm /etc/nginx/conf.d/sizes.conf /etc/nginx/conf.d/status.conf
    sed -i '$ d' /etc/nginx/sites-available/default"""


def test_default_site_that_somebody_uses_goes_on_answering(hosts, host, on, serves_alone):
    """With the sizes that somebody has set, and beside what watches Nginx from the host; after a reboot too."""
    with beside(hosts, host, on, OWN_DEFAULT, DEBIANS_DEFAULT):
        booted = on(host, BOOTED)
        on(host, "systemctl reboot", check=False)
        serves_alone(host, booted)
        assert answers(host) == "my own page\n"
        assert "Active connections" in on(host, WATCH)
        run = hosts.verify("-k", "site")
        assert run.returncode == 0, run.stdout
    assert not on(host, f"ls {situations.ENABLED}").count("default"), "Debian's own goes"


FIRST = situations.SITE.format(directives="server_name shop.example;", file=f"{situations.ENABLED}/shop")
NEW_AGAIN = "rm /etc/nginx/conf.d/unknown_hosts.conf /etc/nginx/sites-*/practica_flask; nginx -s reload"


@pytest.mark.long
def test_site_that_answers_the_bare_address_by_being_the_first_goes_on(hosts, host, on):
    """Ours, whose name comes first in the alphabet, would else be what Nginx takes for the default."""
    with beside(hosts, host, on, f"{FIRST}; {NEW_AGAIN}", f"rm {situations.ENABLED}/shop"):
        assert answers(host) == answers(host, "unknown.example") == answers(host, "shop.example") == "theirs"
        run = hosts.verify("-k", "site")
        assert run.returncode == 0, run.stdout
        again = hosts.play()
        assert again.changed == {host.name: 0}, again.output


BUSY = """mkdir -p /var/lib/slow/DEBIAN
    printf 'Package: slow\\nVersion: 1\\nArchitecture: all\\nMaintainer: x <x@example.org>\\nDescription: x\\n' \
        > /var/lib/slow/DEBIAN/control
    printf '#!/bin/sh\\nfor second in $(seq 120); do\\n' > /var/lib/slow/DEBIAN/postinst
    printf 'journalctl -qt ansible-puerto_package_manager --since -1min | grep -q . && break; sleep 1\\n' \\
        >> /var/lib/slow/DEBIAN/postinst
    echo 'done; sleep 2' >> /var/lib/slow/DEBIAN/postinst; chmod 755 /var/lib/slow/DEBIAN/postinst
    dpkg-deb -b /var/lib/slow /var/lib/slow.deb >/dev/null || exit 1
    systemd-run --quiet --collect --unit=first-boot-upgrade apt-get -y install /var/lib/slow.deb
    timeout 60 sh -c 'until pgrep -x postinst || pgrep -f slow.postinst; do sleep 0.1; done' >/dev/null"""


def test_updates_that_are_being_installed_are_waited_for(hosts, host, on):
    on(host, BUSY)
    play = hosts.play("--tags", "packages")
    state = on(host, "dpkg --audit; dpkg-query --show --showformat='${db:Status-Status}' slow; apt-get -qy purge slow")
    on(host, "rm -rf /var/lib/slow*")
    assert play.status == 0, play.output
    assert "Wait for whoever is installing packages: apt-get (process " in play.output
    assert ", first-boot-upgrade.service)" in play.output
    assert state.startswith("installed")
