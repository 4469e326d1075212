"""HTTPS as Debian's own Nginx serves it from the templates, and the headers of every answer."""

import re
import socket
import ssl
import subprocess

import pytest
import requests
from puerto.authority import Authority

from app import create_app
from app.application import HEADERS
from app.settings import Settings
from tests.unit.templates.conftest import Served
from tests.unit.templates.rendering import ACME, ALONE, CHANGED, CHANGED_CACHE, DEFAULTS, OWN, Rendering

LOCAL = Rendering({"nginx_https": "local"})
NAME = DEFAULTS.option("nginx_server_names")[0]


def get(site: Served, path: str, scheme: str = "https", method: str = "GET", **headers: str) -> requests.Response:
    """Ask by name at an address."""
    authority = f"127.0.0.1:{site.port}" if scheme == "http" else f"localhost:{site.https_port}"
    with requests.Session() as session:
        session.mount("https://", _ByName())
        headers = {"Host": NAME, **headers}
        return session.request(
            method, f"{scheme}://{authority}{path}", headers=headers, allow_redirects=False, timeout=10, verify=False
        )


class _ByName(requests.adapters.HTTPAdapter):
    """Asks for a name's certificate, wherever it connects to."""

    def init_poolmanager(self, *arguments: object, **options: object) -> None:
        super().init_poolmanager(*arguments, **options, server_hostname=NAME, assert_hostname=False)


def handshake(site: Served, name: str, authority: Authority, **versions: ssl.TLSVersion) -> ssl.SSLSocket:
    context = ssl.create_default_context(cafile=str(authority.certificate))
    context.set_alpn_protocols(["h2", "http/1.1"])
    for limit, version in versions.items():
        setattr(context, limit, version)
    return context.wrap_socket(socket.create_connection(("127.0.0.1", site.https_port)), server_hostname=name)


pytestmark = pytest.mark.filterwarnings("ignore:Unverified HTTPS request", "ignore:.*TLSv1:DeprecationWarning")


def test_own_certificate_redirects_and_tells_browsers_to_stay(served, authority):
    site = served(OWN)
    for method in ("GET", "POST"):
        redirect = get(site, "/models/exam?a=b", "http", method)
        assert (redirect.status_code, redirect.headers["Location"]) == (308, f"https://{NAME}/models/exam?a=b")
        assert "Strict-Transport-Security" not in redirect.headers, "over HTTP it counts for nothing"
    assert get(site, "/.well-known/acme-challenge/x", "http").status_code == 404
    _must_have_headers(redirect)
    for path, status in {"/static/style.css": 200, "/static/none": 404, "/": 503, "/api/v1/models": 503}.items():
        answer = get(site, path)
        assert (answer.status_code, answer.headers["Strict-Transport-Security"]) == (status, "max-age=63072000"), path
        _must_have_headers(answer)
    tag = get(site, "/static/style.css").headers["ETag"]
    unchanged = get(site, "/static/style.css", **{"If-None-Match": tag})
    assert unchanged.status_code == 304
    _must_have_headers(unchanged)
    _must_be_of_today(site, authority)


def test_name_is_sent_on_once_there_is_a_certificate_for_it(served, tmp_path):
    """Until then, and for names that have none yet, HTTP answers; an authority is never sent on."""
    root = ACME.option("app_root")
    sent_on, challenges = f"{root}/shared/https", f"{root}/challenges"
    site = served(ACME, ACME.site.replace(sent_on, f"{tmp_path}/https").replace(challenges, f"{tmp_path}/challenges"))
    challenge = "/.well-known/acme-challenge/token"
    (tmp_path / "challenges" / challenge[1:]).parent.mkdir(parents=True)
    (tmp_path / "challenges" / challenge[1:]).write_text("key")
    assert get(site, "/static/style.css", "http").status_code == 200
    (tmp_path / "https").mkdir()
    (tmp_path / "https" / NAME).touch()
    redirect = get(site, "/models/exam?a=b", "http", "POST")
    assert (redirect.status_code, redirect.headers["Location"]) == (308, f"https://{NAME}/models/exam?a=b")
    _must_have_headers(redirect)
    other = get(site, "/static/style.css", "http", Host=ACME.option("nginx_server_names")[1])
    assert other.status_code == 200
    assert get(site, "/static/style.css").status_code == 200
    answer = get(site, challenge, "http")
    assert (answer.status_code, answer.text) == (200, "key")


def _must_have_headers(answer: requests.Response) -> None:
    """Check that the answer has each header of the application's, and once."""
    for name, value in HEADERS.items():
        assert answer.headers[name] == value, (answer.url, answer.status_code, name)


def _must_be_of_today(site: Served, authority: Authority) -> None:
    with handshake(site, NAME, authority) as agreed:
        assert (agreed.version(), agreed.selected_alpn_protocol()) == ("TLSv1.3", "h2")
    with handshake(site, NAME, authority, maximum_version=ssl.TLSVersion.TLSv1_2) as agreed:
        assert agreed.version() == "TLSv1.2"
        assert re.match("ECDHE-.*(GCM|CHACHA20)", agreed.cipher()[0])
    with pytest.raises(ssl.SSLError, match="unrecognized name"):
        handshake(site, "elsewhere.example", authority)


def test_local_certificate_answers_beside_http(served, authority):
    site = served(LOCAL)
    for scheme in ("http", "https"):
        answer = get(site, "/static/style.css", scheme)
        assert answer.status_code == 200
        assert "Strict-Transport-Security" not in answer.headers
        _must_have_headers(answer)
    with handshake(site, NAME, authority) as agreed:
        assert agreed.selected_alpn_protocol() == "h2"


def test_reload_is_announced_by_http_1_alone(served, tmp_path):
    """In HTTP/2 the header would be a fault."""
    (tmp_path / "reloading").touch()
    flag = f"{OWN.option('app_root')}/shared/reloading"
    text = OWN.site.replace(flag, str(tmp_path / "reloading"))
    site = served(OWN, text)
    assert get(site, "/static/style.css").headers["Connection"].endswith("close")
    url = f"https://{NAME}:{site.https_port}/static/style.css"
    command = [
        "curl",
        "-sk",
        "--http2",
        "-D",
        "-",
        "-o",
        "/dev/null",
        "--resolve",
        url.split("/")[2] + ":127.0.0.1",
        url,
    ]
    answer = subprocess.run(command, capture_output=True, text=True).stdout.lower()
    assert answer.startswith("http/2 200") and "\nconnection:" not in answer


def test_all_headers_come_in_one_set():
    """Where a block has headers of its own, Nginx drops those from around it: so it must have the whole set again."""
    for rendering in (DEFAULTS, CHANGED, CHANGED_CACHE, OWN, LOCAL):
        for block in re.findall(r"\{([^{}]*\badd_header[^{}]*)\}", rendering.site):
            names = re.findall(r"add_header (\S+) [^;]* always;", block)
            assert HEADERS.keys() <= set(names) and "Connection" in names, block
            assert len(names) == block.count("add_header"), "without always"


def test_frames_are_those_of_the_option(bundles):
    """In the application's answers and in Nginx's own."""
    (site,) = CHANGED.option("app_frame_ancestors")
    assert f"frame-ancestors {site}" in CHANGED.site
    client = create_app(Settings(app_bundles=bundles, app_frame_ancestors=site)).test_client()
    policy = client.get("/").headers["Content-Security-Policy"]
    assert policy.endswith(f"frame-ancestors {site}") and policy in CHANGED.site


def test_unknown_names_are_refused_by_https_where_any_application_speaks_it():
    beside = Rendering({"preflight_host": ALONE | {"https_beside": True}})
    texts = [rendering.render("nginx/unknown_hosts.conf.j2") for rendering in (DEFAULTS, beside, LOCAL)]
    assert ["ssl_reject_handshake on;" in text for text in texts] == [False, True, True]


def test_trusted_proxies_alone_are_believed():
    assert "set_real_ip_from 192.0.2.0/24;" in CHANGED.site and "    192.0.2.0/24  1;" in CHANGED.site
    assert "real_ip" not in DEFAULTS.site
