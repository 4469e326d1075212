"""A certificate by ACME: what Nginx reads before and after, what certbot's answers mean, what is refused before."""

from datetime import date
from pathlib import Path

import pytest
from puerto import acme_preflight
from puerto.acme import AcmeCertificate
from puerto.acme_record import is_placeholder, last_failure, write_result
from puerto.authority import Authority
from puerto.certbot import explain
from puerto.certificates import Pair, shown
from puerto.errors import HostError
from puerto.names import Names
from puerto.plan import Plan

from tests.plans import SENT

NAMES = ["shop.example", "www.shop.example"]
LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory"
OWN_DIRECTORY = "https://acme.corp.internal/directory"


@pytest.fixture
def certificate(tmp_path: Path) -> AcmeCertificate:
    """That of a site on its first run."""
    for folder in ("tls", "shared"):
        (tmp_path / folder).mkdir()
    made = AcmeCertificate(tmp_path, NAMES)
    assert not made.is_prepared()
    made.prepare()
    return made


@pytest.fixture
def signed(tmp_path: Path) -> Authority:
    """What certbot keeps: a certificate for the first name."""
    (tmp_path / "certbot").mkdir()
    authority = Authority(tmp_path / "certbot", NAMES[:1])
    authority.sign()
    return authority


def test_nobody_is_sent_to_the_placeholder(certificate):
    assert certificate.is_prepared() and is_placeholder(certificate.link)
    certificate.redirect()
    assert certificate.missing() == NAMES and list(certificate.redirected.iterdir()) == []
    assert (certificate.link / "site.key").stat().st_mode & 0o077 == 0


def test_visitors_go_on_with_what_the_site_showed_until_then(certificate, signed):
    """A site whose certificate was the operator's, and now is to be renewed by itself."""
    pair = Pair.read(str(signed.site_certificate), str(signed.site_key))
    certificate.prepare(pair)
    assert certificate.pair.certificate != pair.certificate, "it isn't for all names"
    one = AcmeCertificate(certificate.folder.parent, NAMES[:1])
    one.prepare(pair)
    assert (one.pair.certificate, one.pair.key) == (pair.certificate, pair.key)
    assert one.missing() == NAMES[:1], "no authority has signed by ACME"
    plan = Plan.read(
        SENT | {"site_text": f"  ssl_certificate {pair.certificate_path};\n  ssl_certificate_key /none;\n"}
    )
    assert shown(plan) is None


def test_names_are_sent_on_as_far_as_the_certificate_covers_them(certificate, signed):
    files = (signed.site_certificate, signed.site_key)
    with pytest.raises(HostError, match=r"and not for www\.shop\.example"):
        certificate.place(*files)
    assert is_placeholder(certificate.link), "what can't be used replaces nothing"
    AcmeCertificate(certificate.folder.parent, NAMES[:1]).place(*files)
    assert certificate.missing() == NAMES[1:] and certificate.must_redirect()
    certificate.redirect()
    assert [file.name for file in certificate.redirected.iterdir()] == NAMES[:1]
    assert not certificate.must_redirect()
    assert [path.name for path in certificate.folder.glob("acme-*")] == [certificate.link.readlink().name]
    assert (certificate.link / "site.key").stat().st_mode & 0o777 == 0o600


def test_certificate_that_has_ended_sends_nobody_on(certificate, signed, monkeypatch):
    one = AcmeCertificate(certificate.folder.parent, NAMES[:1])
    one.place(signed.site_certificate, signed.site_key)
    one.redirect()
    assert [file.name for file in one.redirected.iterdir()] == NAMES[:1]
    monkeypatch.setattr("puerto.certificates.time.time", lambda: 2**33)
    assert one.missing() == NAMES[:1] and one.must_redirect()
    one.redirect()
    assert list(one.redirected.iterdir()) == []


def test_failure_is_told_until_it_goes_well(tmp_path):
    link = tmp_path / "acme"
    assert last_failure(link) == ""
    write_result(link, "it is down")
    assert last_failure(link).endswith(" UTC: it is down")
    write_result(link)
    assert last_failure(link) == ""


PROBLEM = """Certbot failed to authenticate some domains (authenticator: webroot). The Certificate Authority reported:
  Identifier: shop.example
  Type:   {}
  Detail: something: 404

Hint: The Certificate Authority failed to download
"""
DOWN = """Saving debug log to /x
An unexpected error occurred:
requests.exceptions.ConnectionError: HTTPSConnectionPool(host='localhost', port=14000): Max retries exceeded with \
url: /dir (Caused by NewConnectionError("HTTPSConnection(host='localhost', port=14000): Failed to establish a new \
connection: [Errno 111] Connection refused"))
Ask for help or search for solutions
"""


LATE = """requests.exceptions.SSLError: HTTPSConnectionPool(host='localhost', port=14000): Max retries exceeded with \
url: /dir (Caused by SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: \
certificate has expired (_ssl.c:1000)')))
"""


def test_authority_s_certificate_that_is_out_of_date_may_be_the_clock_s_fault():
    text = explain(LATE)
    assert text.startswith("The authority can't be reached at localhost:14000 (nginx_acme_directory): certificate")
    assert f"certificate has expired. It is {date.today():%Y-}" in text and text.endswith("is this host's clock right?")


@pytest.mark.parametrize(
    ("output", "kind", "sentence"),
    [
        (PROBLEM.format("connection"), "", "shop.example: the authority can't reach its port 80: let it through"),
        (PROBLEM.format("caa"), "", "shop.example: a CAA record in DNS forbids this authority to sign for it"),
        (PROBLEM.format("dns"), "", "shop.example: the authority finds no address for it in DNS"),
        (PROBLEM.format("unauthorized"), "", "shop.example: another server answered the authority there"),
        (PROBLEM.format("new"), "", "shop.example: the authority refuses it. It says: something: 404"),
        (DOWN, "", "The authority can't be reached at localhost:14000 (nginx_acme_directory): Connection refused."),
        ("An unexpected error occurred:\ntoo many certificates (5)", "rateLimited",
         "The authority has been asked too often: it says when it may be asked again. It says: too many"),
        ("JWS has an invalid anti-replay nonce", "badNonce", "The authority keeps refusing its own nonces"),
        ("something else", "", "Certbot failed. It says: something else"),
    ],
)  # fmt: skip
def test_what_certbot_prints_becomes_a_sentence(output, kind, sentence):
    assert explain(output, kind).startswith(sentence)


@pytest.mark.parametrize(
    ("name", "directory", "sentence"),
    [
        ("shop", LETS_ENCRYPT, "shop: no authority signs for a name without a domain"),
        ("a.localhost", OWN_DIRECTORY, "a.localhost: no authority signs for a name without a domain"),
        ("203.0.113.7", LETS_ENCRYPT, "203.0.113.7: no authority signs for a name without a domain, or for an address"),
        ("my_shop.org", LETS_ENCRYPT, "my_shop.org: no authority signs for a name with other signs than letters"),
        ("shop.local", LETS_ENCRYPT, "shop.local: acme-v02.api.letsencrypt.org signs for no name below .local"),
        ("shop.corp.internal", LETS_ENCRYPT, "shop.corp.internal: acme-v02.api.letsencrypt.org signs for no name"),
    ],
)  # fmt: skip
def test_name_that_no_authority_signs_for_is_refused(name, directory, sentence):
    (fault,) = acme_preflight.faults(_names(name, "acme"), directory)
    assert fault.startswith(sentence) and "nginx_https: local" in fault
    assert acme_preflight.faults(_names(name, "local"), directory) == []


def test_authority_of_one_s_own_may_know_other_names(monkeypatch):
    monkeypatch.setattr(acme_preflight, "unresolved", lambda names: [])
    assert acme_preflight.faults(_names("shop.corp.internal", "acme"), OWN_DIRECTORY) == []


def _names(name: str, https: str) -> Names:
    return Names("a", "/srv/none", "a", "a", (name,), "/a.log", "/b.log", "/u.conf", https)
