"""What a certificate must be before a run changes anything, and what the host's own authority signs."""

import importlib.util
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from ansible.errors import AnsibleError
from puerto import authority as authority_module
from puerto import nginx_preflight
from puerto.authority import Authority
from puerto.certificates import Pair, names_of, openssl, summary, validity
from puerto.errors import HostError
from puerto.names import Names
from puerto.nginx_build import NginxBuild
from puerto.plan import Plan

from deploy.base.paths import KIT
from tests.plans import SENT

NAMES = ["shop.example", "www.shop.example"]
DEBIAN12 = "nginx version: nginx/1.22.1\nbuilt with OpenSSL 3.0.11 19 Sep 2023 (running with OpenSSL 3.0.17 1 Jul 2025)"
DEBIAN13 = "nginx version: nginx/1.26.3\nbuilt with OpenSSL 3.5.1 1 Jul 2025"
SITE = "    listen 443 ssl;\n    listen [::]:443 ssl;\n    http2 on;\n    ssl_ecdh_curve X25519MLKEM768:X25519;\n"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    made = Authority(tmp_path_factory.mktemp("tls"), NAMES)
    made.sign()
    return made


@pytest.fixture(scope="module")
def pair(authority: Authority) -> Pair:
    """The site's, signed by the authority."""
    signed = Pair.read(str(authority.site_certificate), str(authority.site_key))
    return replace(signed, certificate_path="full.pem", key_path="site.key")


@pytest.fixture
def self_signed(tmp_path: Path) -> Callable[..., Pair]:
    """Return a function that makes a certificate for names, with OpenSSL's options for its dates."""

    def make(names: list[str], *options: str) -> Pair:
        paths = [str(tmp_path / name) for name in ("a.pem", "a.key")]
        alternative = ",".join(f"DNS:{name}" for name in names)
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-subj", "/CN=a", "-addext", f"subjectAltName={alternative}", "-out", paths[0],
                "-keyout", paths[1], *options)  # fmt: skip
        return replace(Pair.read(*paths), certificate_path="full.pem", key_path="site.key")

    return make


def test_what_the_authority_signed_can_be_used(authority, pair):
    assert authority.is_up_to_date()
    assert pair.faults(NAMES) == []
    assert names_of(pair.certificate) == NAMES
    assert (authority.key.stat().st_mode & 0o777, authority.site_key.stat().st_mode & 0o777) == (0o600, 0o600)


def test_authority_signs_for_no_name_but_the_site_s(authority, tmp_path):
    """Whoever trusts it trusts nobody with other sites, even if its key is stolen."""
    other = Authority(tmp_path, ["bank.example"])
    other.certificate.write_text(authority.certificate.read_text())
    other.key.write_text(authority.key.read_text())
    other._sign(_with_configuration(tmp_path / "work"))
    assert not other._has_signed()


def _with_configuration(folder: Path) -> Path:
    folder.mkdir()
    (folder / "configuration").write_text("[req]\ndistinguished_name = subject\n[subject]\n")
    return folder


def test_key_that_others_may_read_is_made_anew(authority):
    before = authority.site_key.read_text()
    authority.site_key.chmod(0o640)
    assert not authority.is_up_to_date()
    authority.sign()
    assert authority.is_up_to_date() and authority.site_key.read_text() != before


def test_authority_follows_the_names(authority, tmp_path):
    """It stays, for those who trust it, as long as it may sign; other names need another."""
    made = Authority(tmp_path, NAMES)
    made.sign()
    trusted = made.certificate.read_text()
    made.sign()
    assert made.certificate.read_text() == trusted
    more = Authority(tmp_path, [*NAMES, "else.example"])
    assert not more.is_up_to_date()
    more.sign()
    assert more.is_up_to_date() and more.certificate.read_text() != trusted


def test_key_of_another_certificate_is_refused(pair, self_signed):
    other = self_signed(NAMES)
    (sentence,) = replace(pair, key=other.key).faults(NAMES)
    assert sentence == "site.key is the key of another certificate than full.pem: give the two that belong together."


def test_wrong_order_is_named(pair, self_signed):
    other = self_signed(NAMES)
    (sentence,) = replace(pair, certificate=other.certificate + pair.certificate).faults(NAMES)
    assert sentence.startswith("certificate 2 in full.pem is the one of site.key: it must come first")


def test_name_that_is_not_covered_is_refused(pair):
    (sentence,) = pair.faults([*NAMES, "a.b.example"])
    assert sentence.startswith("full.pem: is for shop.example, www.shop.example, and not for a.b.example: have it made")


@pytest.mark.parametrize(
    ("names", "name", "count"),
    [(["*.b.example"], "a.b.example", 0), (["*.b.example"], "b.example", 1), (["*.b.example"], "x.a.b.example", 1),
     (["A.Example"], "a.example", 0)],
)  # fmt: skip
def test_wildcard_covers_one_label(self_signed, names, name, count):
    assert len(self_signed(names).faults([name])) == count


def test_expired_certificate_is_refused(self_signed, monkeypatch):
    pair = self_signed(NAMES, "-days", "2")
    start, end = validity(pair.certificate)
    monkeypatch.setattr("puerto.certificates.time.time", lambda: end + 1)
    assert [sentence.partition(" on ")[0] for sentence in pair.faults(NAMES)] == ["full.pem: expired"]
    monkeypatch.setattr("puerto.certificates.time.time", lambda: start - 1)
    assert [sentence.partition(" before ")[0] for sentence in pair.faults(NAMES)] == ["full.pem: isn't valid"]


def test_key_with_a_passphrase_is_refused_without_asking(pair):
    key = subprocess.run(
        ["openssl", "pkey", "-aes128", "-passout", "pass:x"], input=pair.key, capture_output=True, text=True
    )
    (sentence,) = replace(pair, key=key.stdout).faults(NAMES)
    assert sentence.startswith("site.key: has a passphrase, which nobody could give Nginx")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"certificate": "hello"}, "full.pem: holds no certificate (PEM"),
        ({"key": "hello"}, "site.key: holds no private key that OpenSSL can read."),
        ({"certificate": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"}, "full.pem: can't be read: "),
    ],
)
def test_what_is_no_certificate_or_key_is_refused(pair, change, sentence):
    (fault,) = replace(pair, **change).faults(NAMES)
    assert fault.startswith(sentence)


def test_files_of_the_host_s_that_are_not_there_are_named():
    names_of_site = Names("a", "/srv/a", "a", "a", tuple(NAMES), "/a.log", "/b.log", "/u.conf", "own")
    certificate = {"path": "/none/full.pem", "key_path": "/none/site.key", "text": ""}
    (sentence,) = nginx_preflight.certificate_faults(names_of_site, certificate, "")
    assert sentence == "/none/full.pem: can't be read on the host: No such file or directory."


def test_end_is_reported(authority):
    plan_of_site, site = Plan.read(SENT), f"    ssl_certificate {authority.site_certificate};\n"
    report = summary(replace(plan_of_site, site_text=site, https="local"))
    assert (report["mode"], report["days"]) == ("local", 396)
    assert "No such file" in summary(replace(plan_of_site, site_text="ssl_certificate /none;", https="own"))["fault"]
    assert summary(replace(plan_of_site, https="")) == {"mode": "off"}


def test_site_is_written_as_each_debian_s_nginx_reads_it():
    old, new = NginxBuild.read(DEBIAN12), NginxBuild.read(DEBIAN13)
    assert (old.version, old.openssl, new.version, new.openssl) == ((1, 22, 1), (3, 0, 17), (1, 26, 3), (3, 5, 1))
    assert new.adapted(SITE) == SITE
    assert old.adapted(SITE) == (
        "    listen 443 ssl http2;\n    listen [::]:443 ssl http2;\n    ssl_ecdh_curve X25519;\n"
    )
    assert old.adapted("listen 443 ssl;") == "listen 443 ssl;", "without HTTP/2"


def test_openssl_s_own_words_are_passed_on():
    with pytest.raises(HostError, match="nowhere"):
        openssl("x509", "-in", "nowhere")


def test_openssl_that_is_not_installed_is_said(monkeypatch, pair):
    monkeypatch.setenv("PATH", "/none")
    (sentence,) = pair.faults(NAMES)
    assert sentence == "full.pem: can't be read: OpenSSL's program isn't installed (apt-get install openssl)."


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1"])
def test_authority_signs_for_no_address(tmp_path, monkeypatch, address):
    made = Authority(tmp_path, NAMES)
    made.sign()
    monkeypatch.setattr(made, "names", [f"{NAMES[0]},IP:{address}"])
    made._sign(_with_configuration(tmp_path / "work"))
    assert not made._has_signed()


def test_authority_that_could_sign_for_addresses_is_made_anew(tmp_path, monkeypatch):
    older = Authority(tmp_path, NAMES)
    _with_configuration(tmp_path / "work")
    monkeypatch.setattr(authority_module, "NO_ADDRESSES", "permitted;DNS:else.example")
    older._make(tmp_path / "work")
    older._sign(tmp_path / "work")
    monkeypatch.undo()
    before = older.certificate.read_text()
    assert not older.is_up_to_date()
    older.sign()
    assert older.is_up_to_date() and older.certificate.read_text() != before


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"\x30\x82\xff", "is no text (PEM)."), (None, "can't be read on this machine: Is a directory.")],
)  # fmt: skip
def test_operator_s_file_that_is_no_pem_is_named(tmp_path, content, sentence):
    file = tmp_path / "site.pfx"
    file.write_bytes(content) if content else file.mkdir()
    spec = importlib.util.spec_from_file_location("plugin", KIT / "ansible" / "action_plugins" / "puerto_preflight.py")
    plugin = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(plugin)
    with pytest.raises(AnsibleError) as error:
        plugin._text(str(file), SimpleNamespace(get_real_file=str))
    assert error.value.message == f"{file}: {sentence}"
