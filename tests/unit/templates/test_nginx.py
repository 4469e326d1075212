"""What Nginx reads: Debian's own reads it here, and each option arrives where it counts."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from app import gunicorn_conf
from tests.unit.templates.rendering import CHANGED, CHANGED_CACHE, DEFAULTS, OWN, SCENARIOS, SECOND, Rendering

ONE = {
    "every default": DEFAULTS,
    "everything changed": CHANGED,
    "everything changed, with a cache": CHANGED_CACHE,
    "with a certificate of one's own": OWN,
}
KILL_SECONDS = 2
"""How long after its deadline a request that holds Python is ended with its process; see app/deadline.py."""

one_application = pytest.mark.parametrize("rendering", ONE.values(), ids=ONE)


@pytest.fixture
def read_by_nginx(debian_nginx: Path, laid_out: Callable[..., Path]) -> Callable[[dict[Path, str]], str]:
    """Have Nginx read a host's files, with Debian's configuration around them; return what it finds fault with."""

    def read(files: dict[Path, str]) -> str:
        command = [debian_nginx / "usr" / "sbin" / "nginx", "-e", "stderr", "-q", "-t", "-c", laid_out(files)]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0 or done.stderr
        return done.stderr

    return read


def directives(text: str, name: str) -> list[str]:
    """Return what follows each directive of a name."""
    return re.findall(rf"^\s*{name}\s+(.*);$", text, re.M)


def seconds(text: str, name: str) -> int:
    """Return the one value of a directive of time."""
    (value,) = set(directives(text, name))
    return int(value.removesuffix("s"))


@pytest.mark.parametrize("applications", SCENARIOS.values(), ids=SCENARIOS)
def test_nginx_accepts_the_files(read_by_nginx, applications):
    files = {path: text for application in applications for path, text in application.nginx_files.items()}
    assert len(files) == len(applications) + 1
    assert read_by_nginx(files) == ""


def test_nginx_refuses_a_file_with_a_fault(read_by_nginx):
    """As a check that nothing is lost on the way to it."""
    broken = {path: text.replace("gzip on;", "gzip perhaps;") for path, text in DEFAULTS.nginx_files.items()}
    assert 'invalid value "perhaps" in "gzip" directive' in read_by_nginx(broken)


@one_application
def test_nothing_is_left_to_be_rendered(rendering: Rendering):
    for text in rendering.nginx_files.values():
        assert not re.findall(r"\{\{|\}\}|\{%|<<|\bNone\b|\bUndefined\b", text)


@one_application
def test_limits_are_the_options(rendering: Rendering):
    assert directives(rendering.site, "client_max_body_size") == [f"{rendering.option('app_max_body_kib')}k"]
    assert set(directives(rendering.site, "server_name")) == {" ".join(rendering.option("nginx_server_names"))}
    log = f"{rendering.option('nginx_access_log')} {rendering.option('app_name')}_paths"
    assert set(directives(rendering.site, "access_log")) == {log}
    assert set(directives(rendering.site, "error_log")) == {rendering.option("nginx_error_log")}


@one_application
def test_ipv6_is_listened_on_as_the_option_says(rendering: Rendering):
    for text in rendering.nginx_files.values():
        assert ("[::]:80" in text) == rendering.option("nginx_ipv6")


@one_application
def test_nginx_waits_until_the_application_has_ended_a_request(rendering: Rendering):
    deadline = rendering.option("app_request_timeout")
    assert deadline + KILL_SECONDS < seconds(rendering.site, "proxy_read_timeout") <= deadline + 3 * KILL_SECONDS
    assert deadline < seconds(rendering.site, "proxy_next_upstream_timeout") <= deadline + KILL_SECONDS


@one_application
def test_nginx_ends_an_idle_connection_before_gunicorn_does(rendering: Rendering):
    assert seconds(rendering.site, "keepalive_timeout") < gunicorn_conf.keepalive


@one_application
def test_site_asks_the_socket_of_the_current_release_then_of_the_one_before(rendering: Rendering):
    root, name = rendering.application.root, rendering.application.socket("any").name
    servers = [server.split() for server in directives(rendering.site, "server") if server.startswith("unix:")]
    assert [server[0] for server in servers] == [f"unix:{root}/{link}/{name}" for link in ("current", "previous")]
    assert ["backup" in server for server in servers] == [False, True]


@one_application
def test_site_looks_for_maintenance_where_the_host_writes_it(rendering: Rendering):
    flags = set(re.findall(r"if \(-f (\S+)\)", rendering.site))
    assert flags == {str(rendering.application.maintenance_flag), f"{rendering.application.root}/shared/reloading"}


@one_application
def test_cache_is_as_large_as_the_option_or_absent(rendering: Rendering):
    mib = rendering.option("nginx_cache_mib")
    assert re.findall(r"max_size=(\w+)", rendering.site) == ([f"{mib}m"] if mib else [])
    assert ("proxy_cache" in rendering.site) == bool(mib)


def test_cache_knows_the_origins_that_are_let_in():
    (block,) = re.findall(r"map \$http_origin .*?\n\}", CHANGED_CACHE.site, re.S)
    assert re.findall(r'^    "(.*)"  \$http_origin;$', block, re.M) == CHANGED_CACHE.option("app_cors_origins")


NAMES = {
    "upstreams": r"^upstream (\S+)",
    "who is asked": r"proxy_pass http://(\S+);",
    "sockets": r"server (unix:\S+)",
    "variables": r"^map .* (\$\w+) \{|^\s*set (\$\w+)",
    "formats of logs": r"^log_format (\S+)",
    "zones": r"zone=([^:;\s]+)",
    "caches": r"^\s*proxy_cache (\S+);",
    "folders of caches": r"^proxy_cache_path (\S+)",
    "cache keys": r'proxy_cache_key "(\$\w+)',
    "folders": r"(?:alias|root) (\S+);",
    "flags": r"-f (\S+)\)",
    "server names": r"server_name (.*);",
    "logs": r"(?:access|error)_log (\S+)[ ;]",
}
"""What Nginx has one namespace for, or each application its own; of a map defined twice, Nginx takes the last."""


ALIKE = tuple(Rendering({"app_name": name, "nginx_server_names": [name]}) for name in ("shop-a", "shop_a", "shop_0a"))
"""Applications whose names would be the same in variables, which have no hyphen."""


@pytest.mark.parametrize("pattern", NAMES.values(), ids=NAMES)
@pytest.mark.parametrize(
    ("one", "other"),
    [(DEFAULTS, SECOND), (DEFAULTS, CHANGED_CACHE), ALIKE[:2], ALIKE[::2]],
    ids=["second", "changed", "hyphen", "digit"],
)
def test_two_applications_share_no_name(pattern, one, other):
    names, others = (set(map("".join, re.findall(pattern, application.site, re.M))) for application in (one, other))
    assert names and others
    assert not names & others


def test_cache_is_called_as_no_limit_of_another_application_is():
    """Nginx has one namespace for the zones of both."""
    zones = [
        set(re.findall(NAMES["zones"], Rendering({"app_name": name, "nginx_cache_mib": 9}).site))
        for name in ("shop", "shop_pages")
    ]
    assert not zones[0] & zones[1]
