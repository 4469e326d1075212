"""A certificate by ACME, of Debian's pebble: asked for, renewed, kept where renewing fails, told to the operator."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.site.common import QUICK, must_have_failed_none, status, with_values
from tests.site.hosts import Hosts
from tests.site.pebble import DIRECTORY, Pebble

pytestmark = pytest.mark.debian(13)

SHOP, WWW, NEW = "shop.example", "www.shop.example", "new.shop.example"
RELEASES, RENEWALS_UNDER_LOAD = 10, 3
RENEWALS = 6
"""Among so many, one in ten nonces refused is seen."""

REVOKE = (
    "cd {__nginx_acme}; REQUESTS_CA_BUNDLE=authority.pem certbot/bin/certbot -c certbot.ini revoke --cert-name site"
)
FULL = """cp -a {folder} /run/kept; mount -t tmpfs -o size=1m tmpfs {folder}; cp -a /run/kept/. {folder}/
    rm -r /run/kept; dd if=/dev/zero of={folder}/rest bs=1k 2>/dev/null; true"""
"""Has a folder's disk be full, with all that is in it."""


@pytest.fixture(scope="module")
def pebble(
    hosts: Hosts, host: Any, on: Callable[..., str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pebble]:
    """The authority; the host is left as the other tests know it."""
    authority = Pebble(host, on, tmp_path_factory.mktemp("pebble"))
    authority.start()
    yield authority
    play = hosts.play(*QUICK)
    authority.lead("", SHOP, WWW, NEW)
    authority.stop()
    assert play.status == 0, play.output


@pytest.fixture(scope="module")
def signed(hosts: Hosts, host: Any, pebble: Pebble) -> Hosts:
    """The host, with a certificate for two names."""
    pebble.lead(host.address, SHOP, WWW)
    acme = _with(hosts, pebble, SHOP, WWW)
    play = acme.play(*QUICK)
    assert play.status == 0, play.output
    return acme


def _with(hosts: Hosts, pebble: Pebble, *names: str) -> Hosts:
    """Return the same hosts, with an inventory that has these names signed for."""
    values = {"nginx_https": "acme", "nginx_server_names": names, "nginx_acme_directory": DIRECTORY,
              "nginx_acme_profile": "shortlived",  # which Debian's pebble doesn't know: its default is what one gets
              "nginx_acme_authority": str(pebble.authority.certificate)}  # fmt: skip
    return with_values(hosts, f"acme{len(names)}.yml", values)


def _renew(hosts: Hosts, host: Any, pebble: Pebble) -> str:
    """Start the unit as the timer does, though nothing is due; return what it logs of a failure."""
    unit, folder = hosts.values[host.name]["systemd_unit"], hosts.values[host.name]["__nginx_acme"]
    pebble.run(f"sed -i s/^keep-until-expiring/force-renewal/ {folder}/certbot.ini")
    command = f"systemctl start {unit}-certificate || journalctl --output=cat --lines=20 --unit={unit}-certificate"
    output = pebble.run(command)
    pebble.run(f"sed -i s/^force-renewal/keep-until-expiring/ {folder}/certbot.ini")
    return output


def _https(hosts: Hosts) -> Any:
    """Return what status tells of it."""
    (report,) = status(hosts).values()
    return report["https"]


def test_name_that_leads_nowhere_is_refused_before_anything_changes(hosts, pebble):
    play = _with(hosts, pebble, SHOP).play(*QUICK)
    assert play.status != 0 and f"{SHOP} leads nowhere, DNS has no address for it" in play.output, play.output
    assert play.changed == dict.fromkeys(hosts.by_name, 0)


def test_certificate_is_signed_for_each_name_and_a_second_run_changes_nothing(signed, pebble):
    for name in (SHOP, WWW):
        assert json.loads(pebble.trusted(name))["status"] == "ok"
    https = _https(signed)
    assert (https["mode"], https["days"], https.get("failure")) == ("acme", 89, None)
    assert signed.play(*QUICK).changed == dict.fromkeys(signed.by_name, 0)
    verified = signed.verify("-k", "https")
    assert verified.returncode == 0, verified.stdout


def test_renewed_certificate_is_loaded_without_a_failed_request(signed, host, pebble, load):
    before = pebble.trusted(SHOP, "-w", "'%{certs}'")
    with load(of=signed, url=f"https://{SHOP}:443") as visitors:
        assert _renew(signed, host, pebble) == ""
    must_have_failed_none(visitors, least=50)
    after = pebble.trusted(SHOP, "-w", "'%{certs}'")
    assert "CERTIFICATE" in before and "CERTIFICATE" in after and before != after


@pytest.mark.long
def test_releases_and_renewals_fail_no_visitor_of_either_protocol(signed, host, pebble, load):
    with load(of=signed, url=f"https://{SHOP}:443") as visitors, pebble.browser(SHOP) as answers:
        for number in range(RELEASES):
            play = signed.play("-e", f"app_max_rows={9000 + number}", playbook="ansible/release.yml")
            assert play.status == 0, play.output
            if number < RENEWALS_UNDER_LOAD:
                assert _renew(signed, host, pebble) == ""
    must_have_failed_none(visitors, least=1000)
    assert set(answers) == {"200 by HTTP/2"} and answers.total() > 1000, answers


@pytest.mark.long
def test_authority_that_refuses_its_own_nonces_is_asked_again(signed, host, pebble):
    pebble.start(PEBBLE_WFE_NONCEREJECT="10")
    log = f"{signed.values[host.name]['__nginx_acme']}/logs/letsencrypt.log"
    for _ in range(RENEWALS):
        assert _renew(signed, host, pebble) == ""
        if pebble.run(f"grep badNonce {log}", check=False):
            break
    else:
        pytest.fail("it refused none")


@pytest.mark.long
def test_failed_renewal_is_told_and_the_certificate_kept(signed, host, pebble):
    before = pebble.trusted(SHOP, "-k", "-w", "'%{certs}'")
    pebble.stop()
    sentence = "The authority can't be reached at localhost:14000 (nginx_acme_directory): Connection refused."
    assert sentence in _renew(signed, host, pebble)
    assert _https(signed)["failure"].endswith(f"UTC: {sentence}")
    verified = signed.verify("-k", "renewed")
    assert verified.returncode == 1 and sentence in verified.stdout
    assert pebble.trusted(SHOP, "-k", "-w", "'%{certs}'") == before
    pebble.start()
    pebble.lead("192.0.2.1", SHOP)
    output = _renew(signed, host, pebble)
    assert f"{SHOP}: the authority can't reach its port 80" in output, output
    assert f"{SHOP} leads to 192.0.2.1, where nothing answers on port 80" in output, output
    pebble.lead(host.address, SHOP)
    assert _renew(signed, host, pebble) == ""
    verified = signed.verify("-k", "renewed")
    assert verified.returncode == 0, verified.stdout


@pytest.mark.long
def test_revoked_certificate_is_replaced(signed, host, pebble):
    """By the authority's word (ARI) if it gives one, else by what revoking is said to need."""
    values, before = signed.values[host.name], pebble.trusted(SHOP, "-w", "'%{certs}'")
    pebble.run(REVOKE.format_map(values))
    unit = values["systemd_unit"]
    assert pebble.run(f"systemctl start {unit}-certificate || journalctl -o cat -n 20 -u {unit}-certificate") == ""
    after = pebble.trusted(SHOP, "-w", "'%{certs}'")
    assert '"status": "ok"' in after.replace('":"', '": "') and after != before


@pytest.mark.long
@pytest.mark.parametrize("offset", ["+1000d", "-1000d"])
def test_clock_that_is_off_is_named(signed, host, pebble, offset):
    pebble.run("command -v faketime >/dev/null || apt-get -qy install libfaketime faketime")
    dropin = f"/run/systemd/system/{signed.values[host.name]['systemd_unit']}-certificate.service.d"
    library = "$(find /usr/lib -name libfaketime.so.1)"
    environment = f"[Service]\nEnvironment=LD_PRELOAD={library} FAKETIME={offset}\n"
    pebble.run(f'mkdir -p {dropin}; printf "{environment}" > {dropin}/clock.conf; systemctl daemon-reload')
    try:
        output = _renew(signed, host, pebble)
    finally:
        pebble.run(f"rm -r {dropin}; systemctl daemon-reload")
    assert "is this host's clock right?" in output, output
    assert _renew(signed, host, pebble) == ""


@pytest.mark.long
def test_full_disk_keeps_the_certificate(signed, host, pebble):
    folder, before = signed.values[host.name]["__nginx_acme"], pebble.trusted(SHOP, "-w", "'%{certs}'")
    pebble.run(FULL.format(folder=f"{folder}/config"))
    try:
        output = _renew(signed, host, pebble)
    finally:
        pebble.run(f"umount {folder}/config")
    assert "No space left on device" in output, output
    assert "No space left on device" in _https(signed)["failure"]
    assert pebble.trusted(SHOP, "-w", "'%{certs}'") == before
    assert _renew(signed, host, pebble) == ""


@pytest.mark.long
def test_name_is_added_and_modes_are_switched_under_load(signed, hosts, host, pebble, load):
    """What is loaded keeps its name: until the new one is signed for, it is answered by HTTP."""
    pebble.lead(host.address, NEW)
    more = _with(hosts, pebble, SHOP, WWW, NEW)
    with load(of=signed, url=f"https://{SHOP}:443") as visitors:
        play = more.play(*QUICK)
    assert play.status == 0, play.output
    must_have_failed_none(visitors, least=50)
    assert json.loads(pebble.trusted(NEW))["status"] == "ok"
    off = ("-e", json.dumps({"nginx_https": "off"}))
    for options in (off, ()):
        with load(of=signed) as visitors:
            play = more.play(*QUICK, *options)
        assert play.status == 0, play.output
        must_have_failed_none(visitors, least=50)
    assert json.loads(pebble.trusted(NEW))["status"] == "ok"
