"""How a host's Nginx configuration is read: its servers, where they listen, what they answer."""

from pathlib import Path

import pytest
from puerto import nginx, nginx_config, processes
from puerto.nginx_config import parse
from puerto.nginx_listen import PORT, WILDCARDS, Listen

SITE = Path("/etc/nginx/sites-enabled/shop")
DUMP = """# configuration file /etc/nginx/nginx.conf:
user www-data;
http {
    map $uri $page { "~^/\\d{0,4}$" "{"; default ${x}y; }  # a { that opens nothing
    include /etc/nginx/sites-enabled/*;
}

# configuration file /etc/nginx/sites-enabled/shop:
upstream shop { server unix:/srv/shop/shop.sock; }
server {
    listen 80 default_server; listen [::]:80;
    server_name shop.example 'www.shop.example';
    location ~ "^/a{1,2};" { if ($x) { return 404; } proxy_pass http://shop; }
}
server { listen 127.0.0.1:8080; server_name _ ""; }
server { server_name "quoted \\" name"; }
"""


def test_servers_are_found_with_their_names_and_ports():
    shop, local, quoted = nginx_config.from_dump(DUMP).servers
    assert (shop.file, shop.names) == (SITE, {"shop.example", "www.shop.example"})
    assert [shop.is_default_at(address, PORT) for address in WILDCARDS] == [True, False]
    assert (local.names, local.listens_on(PORT), local.listens_on(8080)) == (set(), False, True)
    assert quoted.listens_at("0.0.0.0", PORT) and not quoted.is_default_at("0.0.0.0", PORT), (
        "Nginx's own default is port 80"
    )


def test_directives_are_found_with_their_files():
    configuration = nginx_config.from_dump(DUMP)
    assert configuration.files_with("upstream", "shop") == [SITE]
    assert configuration.files_with("upstream", "other") == []
    assert configuration.files[Path("/etc/nginx/nginx.conf")].values("user") == ["www-data"]


@pytest.mark.parametrize(
    ("listen", "port"),
    [("80", 80), ("*:81", 81), ("0.0.0.0:8080", 8080), ("[::]:80", 80), ("[::1]", 80), ("127.0.0.1", 80),
     ("localhost:8000", 8000), ("127.0.0.1:8000-8010", 8010), ("80-90", 90)],
)  # fmt: skip
def test_port_of_each_form_of_listen(listen, port):
    (server,) = nginx_config.from_dump(f"# configuration file /x:\nserver {{ listen {listen}; }}").servers
    assert server.listens_on(port) and not server.listens_on(port + 1)


@pytest.mark.parametrize(
    ("listen", "addresses"),
    [
        ("80", ["0.0.0.0"]),
        ("*:80", ["0.0.0.0"]),
        ("80-90", ["0.0.0.0"]),
        ("[0::0]:80", ["::"]),
        ("[::]:80 ipv6only=off", ["0.0.0.0", "::"]),
        ("127.0.0.1:80", ["127.0.0.1"]),
        ("[2001:DB8::1]", ["2001:db8::1"]),
        ("unix:/run/x.sock", []),
        ("443 quic reuseport", []),
        (f"{'x' * 99}:80", []),
        ("127.0.0.1:" + "9" * 5000, ["127.0.0.1"]),
        ("", []),
    ],
)
def test_addresses_of_each_form_of_listen(listen, addresses):
    assert [*Listen.read(tuple(listen.split())).addresses] == addresses


INCLUDING = """# configuration file /etc/nginx/nginx.conf:
stream { include streams/*; server { listen 5432; proxy_pass db; } }
http { include sites-enabled/*; server { listen 80; server_name last.example; } include /etc/nginx/late.conf; }
# configuration file /etc/nginx/streams/tls:
server { listen 443; ssl_preread on; proxy_pass $backend; }
# configuration file /etc/nginx/sites-enabled/shop:
server { include snippets/listen.conf; location / { include snippets/ask.conf; } }
# configuration file /etc/nginx/snippets/listen.conf:
listen 8443 ssl; # { a comment
server_name shop.example;
# configuration file /etc/nginx/snippets/ask.conf:
proxy_pass http://shop; include snippets/listen.conf; include snippets/ask.conf; }
# configuration file /etc/nginx/late.conf:
server { server_name later.example; }
"""


def test_servers_are_in_the_order_in_which_nginx_comes_to_them():
    names = [*map(str, (server.names for server in nginx_config.from_dump(INCLUDING).servers))]
    assert names == ["{'shop.example'}", "{'last.example'}", "{'later.example'}"]


def test_what_a_server_includes_is_its_own():
    shop = nginx_config.from_dump(INCLUDING).servers[0]
    assert shop.listens_on(8443) and not shop.listens_on(PORT)
    assert shop.directive.values("proxy_pass") == ["http://shop"]


def test_stream_is_no_site():
    streams = nginx_config.from_dump(INCLUDING).streams
    assert [stream.listens[0].ports[0] for stream in streams] == [443, 5432]


@pytest.mark.parametrize(
    "text", ["", "}", "{ {", "server {", 'listen "80', "a" * 50_000, "{" * 50_000, "server { } } x;"]
)
def test_what_nginx_would_refuse_is_read_as_far_as_it_goes(text):
    parse(text)


@pytest.mark.parametrize("has_ipv6", [True, False])
def test_ipv6_is_left_out_where_the_kernel_has_none(monkeypatch, has_ipv6):
    monkeypatch.setattr(processes, "has_ipv6", lambda: has_ipv6)
    text = "server {\n    listen 80;\n    listen [::]:80;\n    listen [::]:443 ssl;\n}\n"
    assert nginx.for_host(text) == (text if has_ipv6 else "server {\n    listen 80;\n}\n")


def test_error_is_nginx_s_own_sentence_once():
    output = """2026/11/26 13:15:24 [emerg] 3963#3963: unexpected end of file in /etc/nginx/conf.d/x.conf:2
nginx: [emerg] unexpected end of file in /etc/nginx/conf.d/x.conf:2
nginx: configuration file /etc/nginx/nginx.conf test failed"""
    assert nginx_config.error_of(output) == "unexpected end of file in /etc/nginx/conf.d/x.conf:2"


def test_host_names_are_the_same_in_any_case():
    (server,) = nginx_config.from_dump("# configuration file /x:\nserver { server_name .Shop.example ~^A; }").servers
    assert server.answers_any(["SHOP.example"]) and not server.answers_any(["other.example"])
    assert "~^A" in server.names
