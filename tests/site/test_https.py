"""HTTPS on a host: its modes, switched under load, what is refused, another's site on port 443."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from puerto.authority import Authority

from deploy.base.paths import state
from tests.site.common import QUICK, current, listener, must_have_failed_none, status, with_values
from tests.site.hosts import Hosts

pytestmark = pytest.mark.debian(12)

SHOP = """server {{ listen 443 ssl; server_name shop.example; ssl_certificate {0}/local.pem;
ssl_certificate_key {0}/local.key; return 200 shop; }}"""


@pytest.fixture
def certificates(hosts: Hosts, host: Any, tmp_path: Path) -> Authority:
    """The operator's: for the site's names, of an authority that nobody knows."""
    made = Authority(tmp_path, hosts.values[host.name]["nginx_server_names"])
    made.sign()
    return made


@pytest.fixture
def own(hosts: Hosts, certificates: Authority) -> Hosts:
    """The same hosts, with an inventory that names the operator's certificate."""
    values = {"nginx_https": "own", "nginx_certificate": str(certificates.site_certificate),
              "nginx_certificate_key": str(certificates.site_key), "nginx_hsts_seconds": 300}  # fmt: skip
    return with_values(hosts, "own.yml", values)


def curl(address: str, name: str, *options: str, authority: Path) -> str:
    """Ask by HTTPS as a visitor who trusts one authority."""
    command = ["curl", "-sS", "--cacert", str(authority), "--resolve", f"{name}:443:{address}", *options]
    done = subprocess.run([*command, f"https://{name}/health"], capture_output=True, text=True)
    return done.stdout + done.stderr


def fetched(hosts: Hosts, host: Any) -> Path:
    """Return where the authority of the host's application lies on this machine: another application has its own."""
    return state("authorities", f"{host.name}-{hosts.values[host.name]['app_name']}.pem")


def test_rehearsal_s_authority_is_fetched_and_can_be_trusted(hosts, host):
    authority = fetched(hosts, host)
    for name in hosts.values[host.name]["nginx_server_names"]:
        assert json.loads(curl(host.address, name, authority=authority))["status"] == "ok"


def test_certificate_that_cannot_work_is_refused_before_anything_changes(hosts, host, on, own, certificates):
    before = current(hosts, on)
    key = certificates.site_key.read_text()
    certificates.site_key.write_text(certificates.key.read_text())
    play = own.play(*QUICK)
    assert play.status != 0 and "is the key of another certificate than" in play.output, play.output
    assert key.splitlines()[1] not in play.output and certificates.key.read_text().splitlines()[1] not in play.output
    play = own.play("-e", json.dumps({"nginx_server_names": ["else.example"]}), playbook="ansible/doctor.yml")
    assert "and not for else.example" in play.output
    assert play.changed == dict.fromkeys(hosts.by_name, 0)
    assert current(hosts, on) == before


def test_modes_are_switched_without_a_failed_request(hosts, host, on, own, certificates, load):
    name = hosts.values[host.name]["nginx_server_names"][0]
    with load() as visitors:
        play = own.play(*QUICK)
    assert play.status == 0, play.output
    must_have_failed_none(visitors, least=50)
    assert json.loads(curl(host.address, name, authority=certificates.certificate))["status"] == "ok"
    verified = own.verify()
    assert verified.returncode == 0, verified.stdout
    (report,) = status(own).values()
    assert (report["https"]["mode"], report["https"]["days"], report["url"]) == ("own", 396, f"https://{name}/")
    _must_be_loaded_once_renewed(host, name, own, certificates)
    assert own.play(*QUICK).changed == dict.fromkeys(hosts.by_name, 0)
    with load() as visitors:
        play = hosts.play(*QUICK)
    assert play.status == 0, play.output
    must_have_failed_none(visitors, least=50)


def _must_be_loaded_once_renewed(host: Any, name: str, own: Hosts, certificates: Authority) -> None:
    before = curl(host.address, name, "-w", "%{certs}", authority=certificates.certificate)
    certificates.sign()
    play = own.play(*QUICK)
    assert play.status == 0, play.output
    after = curl(host.address, name, "-w", "%{certs}", authority=certificates.certificate)
    assert "CERTIFICATE" in before and before != after


@pytest.mark.long
@pytest.mark.debian(13, only=True)
def test_testssl_gives_the_best_grade(hosts, host, on, own, certificates):
    """Debian 13's testssl.sh rates; 12's doesn't."""
    assert own.play(*QUICK, "-e", "nginx_hsts_seconds=63072000").status == 0
    try:
        on(host, "command -v testssl >/dev/null || { apt-get -q update && apt-get -qy install testssl.sh; }")
        on(host, f"cat > /tmp/authority.pem <<'E'\n{certificates.certificate.read_text()}\nE")
        name = hosts.values[host.name]["nginx_server_names"][0]
        options = "--quiet --color 0 --warnings batch --add-ca /tmp/authority.pem --ip 127.0.0.1"
        report = on(host, f"testssl {options} {name}:443 || true")
        grade = re.search(r"Overall Grade\s+(\S+)", report)
        assert grade and grade[1] == "A+", report
    finally:
        assert hosts.play(*QUICK).status == 0


@pytest.mark.long
def test_port_of_another_is_left_to_it(hosts, host, on, certificates):
    """To another program by refusing; to another site of Nginx's by answering beside it."""
    off, address = with_values(hosts, "off.yml", {"nginx_https": "off"}), host.address
    assert off.play(*QUICK).status == 0
    assert ":443" not in on(host, "ss -Hltn")
    on(host, listener("listener", 443))
    play = hosts.play(playbook="ansible/doctor.yml")
    assert "Port 443 is taken by python3" in play.output, play.output
    on(host, "systemctl stop listener; mkdir -p /srv/shop")
    for file in (certificates.site_certificate, certificates.site_key):
        on(host, f"cat > /srv/shop/{file.name} <<'E'\n{file.read_text()}\nE")
    on(host, f"cat > /etc/nginx/sites-enabled/zshop <<'E'\n{SHOP.format('/srv/shop')}\nE\nsystemctl reload nginx")
    try:
        assert hosts.play(*QUICK).status == 0
        own_name = hosts.values[host.name]["nginx_server_names"][0]
        assert "ok" in curl(address, own_name, authority=fetched(hosts, host))
        for name in ("shop.example", "unknown.example"):
            assert curl(address, name, "-k", authority=certificates.certificate) == "shop", name
    finally:
        on(host, "rm -rf /etc/nginx/sites-enabled/zshop /srv/shop; systemctl reload nginx")
    assert hosts.play(*QUICK).status == 0
