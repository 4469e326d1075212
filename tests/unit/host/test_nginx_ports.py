"""What others have Nginx do at the site's ports: each is a sentence before anything changes, or is no matter."""

from dataclasses import replace

import pytest
from puerto import nginx_ports, reachability
from puerto.names import Names
from puerto.nginx_config import from_dump

NAMES = Names("shop", "/srv/none", "shop", "shop-none", ("shop.example",), "/a.log", "/b.log", "/u.conf", "off")
OTHER = "/etc/nginx/sites-enabled/other"
WIDE = "server { listen 80; listen [::]:80; server_name wide.example; }"


@pytest.fixture(autouse=True)
def address(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where visitors of the site come to."""
    monkeypatch.setattr(reachability, "visited", lambda names: {"203.0.113.5"} if names == ("shop.example",) else set())


def faults(text: str, https: str = "off", adopted: tuple[str, ...] = ()) -> list[str]:
    configuration = from_dump(f"# configuration file {OTHER}:\n{text}\n")
    return nginx_ports.faults(replace(NAMES, nginx_https=https), configuration, adopted)


def listening(*listens: str) -> str:
    return f"server {{ {' '.join(f'listen {listen};' for listen in listens)} server_name other.example; }}"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (WIDE, ""),
        (WIDE + listening("127.0.0.1:8080", "unix:/run/x.sock"), ""),
        (WIDE + listening("198.51.100.9:80", "127.0.0.1:80", "[::1]:80"), ""),
        (WIDE + listening("127.0.0.1:443 ssl"), ""),
        (
            WIDE + listening("127.0.0.2:80"),
            "listens on 127.0.0.2:80, which Nginx prefers to 80 alone: the host itself, which looks there whether a "
            "release answers, would get that site instead of this one. Take the address away there (listen 80;) and "
            "restart Nginx, or give that site another port.",
        ),
        (WIDE + listening("localhost"), ""),
        (WIDE + listening("127.0.0.1:80"), ""),
        (listening("localhost"), "listens on 127.0.0.1:80, and no site on 80 alone"),
        (
            WIDE + listening("203.0.113.5:80"),
            "listens on 203.0.113.5:80, which Nginx prefers to 80 alone: visitors, who come to 203.0.113.5, would get",
        ),
        (listening("198.51.100.9:80"), "listens on 198.51.100.9:80, and no site on 80 alone: while Nginx runs, it"),
        (listening("80", "[2001:db8::1]:80"), "Take the address away there (listen [::]:80;) and restart Nginx"),
        (listening("[::]:80 ipv6only=off"), "listens on [::]:80 with ipv6only=off, which takes IPv4's port 80"),
        (WIDE + listening("80 proxy_protocol"), "listens on port 80 with proxy_protocol, which Nginx then expects of"),
        (WIDE + listening("127.0.0.1:80 proxy_protocol"), ""),
        (f"stream {{ {listening('80')} }}", "has Nginx pass on what comes to port 80 as a stream: give that another"),
    ],
)
def test_what_others_listen_on_is_told_where_it_matters(text, sentence):
    found = faults(text)
    assert len(found) == bool(sentence), found
    assert not found or (found[0].startswith(f"{OTHER} ") and sentence in found[0])


def test_port_of_https_is_the_site_s_only_with_https():
    assert [len(faults(WIDE + listening("203.0.113.5:443 ssl"), https)) for https in ("off", "local")] == [0, 1]


def test_deployment_that_is_taken_over_may_be_preferred_but_not_alone():
    """It is no longer read, but what it listens on is open while Nginx changes over."""
    assert not faults(WIDE + listening("203.0.113.5:80"), adopted=(OTHER,))
    assert len(faults(listening("203.0.113.5:80"), adopted=(OTHER,))) == 1


def test_visitors_come_to_what_the_name_leads_to_or_by_the_way_out(monkeypatch):
    monkeypatch.undo()
    addresses = {"a.example": ["203.0.113.5", "203.0.113.6"], "b.example": ["203.0.113.7"]}
    monkeypatch.setattr(reachability, "_addresses", lambda name: (addresses[name], ""))
    monkeypatch.setattr(reachability, "_is_own", lambda address: address == "203.0.113.6")
    monkeypatch.setattr(reachability, "_outward", lambda: iter(["10.0.0.2"]))
    assert reachability.visited(["a.example", "b.example"]) == {"203.0.113.6"}
    assert reachability.visited(["b.example"]) == {"10.0.0.2"}
