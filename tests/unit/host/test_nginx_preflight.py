"""What stands between an application and its site: a deployment's HTTPS that would end, a broken configuration."""

from dataclasses import replace

import pytest
from puerto import nginx_preflight, systemd
from puerto.names import Names
from puerto.neighbours import Neighbours
from puerto.nginx_config import Configuration, from_dump

NAMES = Names("shop", "/srv/none", "shop", "shop-none", ("shop.example",), "/a.log", "/b.log", "/u.conf", "off")
SITE = """# configuration file /etc/nginx/sites-enabled/handmade:
server { listen 80; server_name shop.example; return 301 https://$host$request_uri; }
server { listen 443 ssl; server_name shop.example; ssl_certificate /c/full.pem; ssl_certificate_key /c/key.pem; }
"""


@pytest.mark.parametrize(("https", "stops"), [("off", True), ("local", True), ("acme", True), ("own", False)])
def test_deployment_keeps_its_https_or_stays(https, stops):
    sentences = [*nginx_preflight.lost_https(replace(NAMES, nginx_https=https), Neighbours(from_dump(SITE)))]
    assert bool(sentences) == stops
    if stops:
        assert sentences[0].startswith("/etc/nginx/sites-enabled/handmade speaks HTTPS; nginx_https: ")
        assert sentences[0].endswith(f"(/c/full.pem, /c/key.pem){'; acme can follow' * (https == 'acme')}.")


@pytest.mark.parametrize(
    ("fault", "refuses"),
    [
        ('SSL_CTX_use_PrivateKey("/srv/none/tls/local.key") failed (key values mismatch)', False),
        ('cannot load certificate "/srv/none/tls/own.pem": BIO_new_file() failed', False),
        ('unknown directive "x" in /etc/nginx/sites-enabled/shop:3', True),
        ('unexpected end of file, expecting "}" in /u.conf:3', False),
        ('cannot load certificate "/srv/none/tls2/own.pem": BIO_new_file() failed', True),
        ('cannot load certificate "/c/full.pem": BIO_new_file() failed', True),
    ],
)  # fmt: skip
def test_run_mends_what_is_its_own(fault, refuses):
    """Nginx reads nothing after a power cut between a certificate and its key: the next run makes them again."""
    assert (
        bool(nginx_preflight.unreadable(NAMES, Neighbours(Configuration({}), f"Nginx can't read: {fault}."))) == refuses
    )


def test_nginx_of_another_s_making_is_a_sentence(monkeypatch):
    monkeypatch.setattr(systemd, "is_masked", lambda unit: False)
    monkeypatch.setattr(nginx_preflight.shutil, "which", lambda program: None)
    found = from_dump("# configuration file /usr/local/nginx/conf/nginx.conf:\nuser nobody;\n")
    (sentence,) = nginx_preflight._nginx(NAMES, Neighbours(found))
    assert sentence.startswith("Nginx reads /usr/local/nginx/conf/nginx.conf rather than /etc/nginx/nginx.conf")


def test_nginx_without_its_main_file_is_a_sentence(monkeypatch, tmp_path):
    monkeypatch.setattr(systemd, "is_masked", lambda unit: False)
    monkeypatch.setattr(nginx_preflight, "NGINX", tmp_path)
    monkeypatch.setattr(nginx_preflight.shutil, "which", lambda program: "/usr/sbin/nginx")
    (sentence,) = nginx_preflight._nginx(NAMES, Neighbours(Configuration({})))
    assert sentence.startswith(f"{tmp_path}/nginx.conf is missing, though Nginx is installed")


@pytest.mark.parametrize(
    ("includes", "missing"),
    [
        ("include /etc/nginx/conf.d/*.conf; include /etc/nginx/sites-enabled/*;", []),
        ("include conf.d/*.conf; include sites-enabled/*;", []),
        ("include http.conf;", []),
        ("include /etc/nginx/conf.d/*.conf; include /etc/nginx/sites-enabled/*.conf;", ["sites-enabled/*"]),
        ("include /etc/nginx/conf.d/*.conf; # include /etc/nginx/sites-enabled/*;", ["sites-enabled/*"]),
        ("include /etc/nginx/sites-enabled/*;", ["conf.d/*.conf"]),
        ("", ["sites-enabled/*", "conf.d/*.conf"]),
    ],
)
def test_site_that_nginx_would_not_read_is_told(monkeypatch, includes, missing):
    """A pattern may leave it out, though it names the folder."""
    monkeypatch.setattr(systemd, "is_masked", lambda unit: False)
    monkeypatch.setattr(nginx_preflight.shutil, "which", lambda program: None)
    main = f"# configuration file /etc/nginx/nginx.conf:\nuser www-data;\nhttp {{ {includes}\n}}\n"
    more = "# configuration file /etc/nginx/http.conf:\ninclude conf.d/*.conf; include sites-enabled/*;\n"
    found = from_dump(main + more * ("http.conf" in includes))
    names = replace(NAMES, nginx_unknown_hosts="/etc/nginx/conf.d/unknown_hosts.conf")
    sentences = [*nginx_preflight._nginx(names, Neighbours(found))]
    assert [sentence.split(", as Debian's")[0] for sentence in sentences] == [
        f"/etc/nginx/nginx.conf doesn't include /etc/nginx/{pattern}" for pattern in missing
    ]
