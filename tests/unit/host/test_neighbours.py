"""Which site of a host's Nginx answers what no site is called: with folders of its own in Nginx's place."""

from pathlib import Path

import pytest
from puerto import neighbours, nginx_config, processes
from puerto.errors import HostError
from puerto.layout import SIGNATURE
from puerto.neighbours import Neighbours
from puerto.nginx_config import Configuration, from_dump, parse

THEIRS = "server {{ listen {port}; server_name shop.example; }}"
OURS = "# {signature}: ours\nserver {{ listen 80; listen 443 ssl; server_name site.example; }}"


@pytest.fixture
def enabled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the sites that Nginx reads."""
    folder = tmp_path / "sites-enabled"
    folder.mkdir()
    (tmp_path / "nginx.conf").write_text("http { include sites-enabled/*; }")
    monkeypatch.setattr(neighbours, "NGINX", tmp_path)
    monkeypatch.setattr(neighbours, "ENABLED", folder)
    return folder


@pytest.mark.parametrize("port", ["80", "443 ssl"])
@pytest.mark.parametrize("own", ["", "practica_flask", "zz-practica_flask"], ids=["first run", "early", "late"])
def test_site_that_is_the_default_by_its_place_stays_it(enabled, port, own):
    """Whether ours is there already, as where HTTPS is turned on again, or not."""
    (enabled / "shop").write_text(THEIRS.format(port=port))
    if own:
        (enabled / own).write_text(OURS.format(signature=SIGNATURE))
    assert neighbours.first_only_by_order("practica_flask")
    assert not neighbours.first_only_by_order("zpractica")


@pytest.mark.parametrize(("site", "is_fault"), [("default", False), ("default.bak", True), ("shop", True)])
def test_site_that_a_run_removes_is_no_fault(enabled, monkeypatch, site, is_fault):
    def read() -> Configuration:
        raise HostError(f"a duplicate default server for 0.0.0.0:80 in {enabled / site}:22")

    monkeypatch.setattr(nginx_config, "read", read)
    monkeypatch.setattr(neighbours, "is_debians_default", lambda: True)
    monkeypatch.setattr(processes, "has_ipv6", lambda: True)
    assert bool(Neighbours.here().fault) == is_fault


def test_site_that_says_so_stays_the_default_in_any_order(enabled):
    (enabled / "shop").write_text(THEIRS.format(port="80 default_server"))
    assert not neighbours.first_only_by_order("practica_flask")


def test_alone_there_is_nobody_to_come_after(enabled):
    (enabled / "practica_flask").write_text(OURS.format(signature=SIGNATURE))
    assert not neighbours.first_only_by_order("practica_flask")


@pytest.mark.parametrize(
    ("listens", "is_default"),
    [
        ("listen 80;", True),
        ("listen *:80;", True),
        ("listen 0.0.0.0:80;", True),
        ("listen [::]:80;", True),
        ("listen 80 default_server;", True),
        ("listen 127.0.0.1:80;", False),
        ("listen 127.0.0.1:80 default_server;", False),
        ("listen [::1]:80 default_server; listen 8080 default_server;", False),
        ("listen unix:/run/x.sock default_server;", False),
        ("listen 443 default_server;", False),
    ],
)
def test_only_a_wildcard_s_server_answers_unknown_names(listens, is_default):
    """At an address of its own Nginx asks a server before the others, whatever it is called, and at no other."""
    found = from_dump(f"# configuration file /x/shop:\nserver {{ {listens} server_name shop.example; }}")
    assert Neighbours(found).default_server == ("/x/shop" if is_default else "")


def test_deployment_that_is_taken_over_answers_no_unknown_names_any_more():
    """Even if another site comes first then: the server that refuses them says that it answers them."""
    sites = {file: f"server {{ listen 80; server_name {file}.example; }} types_hash 1;" for file in ("hand", "other")}
    found = Configuration({Path(f"/x/{file}"): parse(text) for file, text in sites.items()})
    assert Neighbours(found).default_server == "/x/hand"
    assert Neighbours(found).default_server_on(80, {"/x/hand"}) == ""
    assert Neighbours(found).default_server_on(80, {"/x/other"}) == "/x/hand"
    assert Neighbours(found).file_that_sets("types_hash", {"/x/hand"}) == "/x/other"


def test_default_server_of_the_other_family_counts(enabled):
    (enabled / "shop").write_text("server { listen [::]:80 default_server; } server { listen 80; }")
    assert Neighbours(Configuration.of(neighbours._texts())).default_server == str(enabled / "shop")
    assert neighbours.first_only_by_order("practica_flask"), "of IPv4"


def test_file_that_an_editor_has_left_is_not_read(enabled):
    (enabled / ".shop.swp").write_text(THEIRS.format(port="80"))
    assert not neighbours.first_only_by_order("practica_flask")


def test_what_nginx_takes_once_is_left_to_who_has_it(tmp_path):
    """Files of Puerto's have it too, and are written anew."""
    line, theirs, own = "variables_hash_bucket_size 128;", tmp_path / "sizes.conf", tmp_path / "own.conf"
    theirs.write_text(line)
    own.write_text(f"{SIGNATURE}: x\n{line}")
    for files, expected in ((), ""), ((own,), ""), ((own, theirs), str(theirs)):
        configuration = Configuration({file: parse(file.read_text()) for file in files})
        assert Neighbours(configuration).file_that_sets("variables_hash_bucket_size") == expected
