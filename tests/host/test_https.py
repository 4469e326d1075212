"""HTTPS as the options say it: what certificate is shown, by which protocols, what becomes of HTTP."""

import json
import shlex
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from puerto.certificates import CERTIFICATE, names_of, validity
from puerto.http_client import HOST_ITSELF
from testinfra.host import Host

from app.application import HEADERS

ANSWERS = {"/": 200, "/nothing": 404, "/static/style.css": 200, "/static/nothing": 404, "/health": 200}


@pytest.fixture(scope="module")
def handshake(host: Host) -> Callable[..., dict[str, str] | None]:
    """Shake hands for a name, from the host itself; None where the host does not."""
    program = shlex.quote((Path(__file__).parent / "handshake.py").read_text())

    def shake(name: str, version: str = "") -> dict[str, str] | None:
        output = host.check_output(f"/usr/bin/python3 -c {program} {HOST_ITSELF} {shlex.quote(name)} '{version}'")
        agreed: dict[str, str] | None = json.loads(output)
        return agreed

    return shake


@pytest.mark.https
def test_each_name_is_shown_its_certificate(host, values, handshake):
    """The one in the file: a certificate that was renewed must have been loaded."""
    for name in values["nginx_server_names"]:
        agreed = handshake(name)
        assert agreed, f"{name}: nothing answers by HTTPS"
        file = CERTIFICATE.findall(host.file(values["__nginx_certificate"]).content_string)
        assert agreed["certificate"].split() == file[0].split(), "Nginx shows another certificate than the file's"
        assert name in names_of(agreed["certificate"]) or f"*.{name.partition('.')[2]}" in names_of(
            agreed["certificate"]
        )


@pytest.mark.https
def test_certificate_is_valid(host, values):
    start, end = validity(host.file(values["__nginx_certificate"]).content_string)
    now = float(host.check_output("date +%s"))
    assert start <= now < end, "python3 -m deploy status says until when"


@pytest.mark.https
def test_each_certificate_is_signed_by_the_next(host, values):
    path, end = values["__nginx_certificate"], "-----END CERTIFICATE-----"
    chain = CERTIFICATE.findall(host.file(path).content_string)
    chain += [host.file(values["__nginx_authority"]).content_string] * (values["__nginx_https"] == "local")
    for signed, signer in pairwise(chain):
        texts = " ".join(f"<(echo {shlex.quote(text)})" for text in (signer, signed))
        done = host.run(f"bash -c {shlex.quote(f'openssl verify -partial_chain -trusted {texts}')}")
        assert done.rc == 0, f"{path}: one after {end} isn't of whoever signed it: {done.stderr}"


@pytest.mark.https("acme")
def test_certificate_is_renewed_by_itself(host, values):
    """An authority has signed it, nothing failed since, and systemd will ask again."""
    link, unit = values["__nginx_pair"].removesuffix("/site"), f"{values['systemd_unit']}-certificate"
    result = json.loads(host.file(f"{link}.json").content_string)
    assert result["reason"] == "", f"{result['at']}: {result['reason']}"
    assert not host.check_output(f"readlink {link}").endswith("placeholder"), "no authority has signed yet"
    assert host.run(f"systemctl is-failed {unit}.service").stdout.strip() != "failed"
    timer = host.check_output(f"systemctl show {unit}.timer --property=ActiveState,UnitFileState")
    assert timer.splitlines() == ["ActiveState=active", "UnitFileState=enabled"]


@pytest.mark.https
def test_key_is_roots_alone(host, values):
    key = host.file(host.check_output(f"readlink --canonicalize {values['__nginx_certificate_key']}"))
    assert (key.user, key.mode & 0o077) == ("root", 0)


@pytest.mark.https
def test_tls_is_of_today_and_http_2_is_spoken(values, handshake):
    name = values["nginx_server_names"][0]
    assert [handshake(name, version)["version"] for version in ("TLSv1_2", "TLSv1_3")] == ["TLSv1.2", "TLSv1.3"]
    assert handshake(name, "TLSv1_1") is None
    assert handshake(name)["protocol"] == "h2"


def test_http_is_redirected_or_answers(ask, values):
    name, response = values["nginx_server_names"][0], ask("/models?a=b", scheme="http")
    if values["__nginx_redirects"]:
        assert (response.status, response.headers["Location"]) == (308, f"https://{name}/models?a=b")
        assert ask("/.well-known/acme-challenge/none", scheme="http").status == 404
    else:
        assert ask("/health", scheme="http").status == 200


def test_browsers_are_told_to_stay_with_https_as_the_option_says(ask, values):
    seconds = values["nginx_hsts_seconds"] if values["__nginx_redirects"] else 0
    expected = f"max-age={seconds}" if seconds else None
    for path in ANSWERS:
        assert ask(path).headers.get("Strict-Transport-Security") == expected, path


def test_every_answer_has_the_headers_once(ask, values):
    """As the application defines them; two of a name would come as one value, with a comma between."""
    framers = " ".join(values["app_frame_ancestors"]) or "'none'"
    policy = HEADERS["Content-Security-Policy"].replace("frame-ancestors 'none'", f"frame-ancestors {framers}")
    for path, status in ANSWERS.items():
        response = ask(path)
        assert response.status == status, path
        for header, value in (HEADERS | {"Content-Security-Policy": policy}).items():
            assert response.headers.get(header) == value, (path, header)
