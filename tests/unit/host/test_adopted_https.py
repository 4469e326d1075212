"""A deployment that speaks HTTPS isn't taken over by an application that doesn't."""

from dataclasses import replace

import pytest
from puerto import preflight
from puerto.names import Names
from puerto.neighbours import Neighbours
from puerto.nginx_config import from_dump

NAMES = Names("shop", "/srv/none", "shop", "shop-none", ("shop.example",), "/a.log", "/b.log", "/u.conf", "off")
SITE = """# configuration file /etc/nginx/sites-enabled/handmade:
server { listen 80; server_name shop.example; return 301 https://$host$request_uri; }
server { listen 443 ssl; server_name shop.example; ssl_certificate /c/full.pem; ssl_certificate_key /c/key.pem; }
"""


@pytest.mark.parametrize(
    ("https", "adopt", "stops"), [("off", True, True), ("own", True, False), ("off", False, False)]
)
def test_deployment_keeps_its_https_or_stays(https, adopt, stops):
    requirements = preflight.Requirements(0, 0, 0, "", adopt=adopt)
    names = replace(NAMES, nginx_https=https)
    sentences = [*preflight._https(names, requirements, Neighbours(from_dump(SITE)))]
    assert bool(sentences) == stops
    if stops:
        assert sentences[0].startswith(
            "/etc/nginx/sites-enabled/handmade speaks HTTPS, which would end: set nginx_https"
        )
        assert sentences[0].endswith("(/c/full.pem, /c/key.pem).")
