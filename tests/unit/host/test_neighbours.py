"""Which site of a host's Nginx answers what no site is called: with folders of its own in Nginx's place."""

from pathlib import Path

import pytest
from puerto import neighbours
from puerto.layout import SIGNATURE
from puerto.neighbours import Neighbours
from puerto.nginx_config import Configuration, parse

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


def test_site_that_says_so_stays_the_default_in_any_order(enabled):
    (enabled / "shop").write_text(THEIRS.format(port="80 default_server"))
    assert not neighbours.first_only_by_order("practica_flask")


def test_alone_there_is_nobody_to_come_after(enabled):
    (enabled / "practica_flask").write_text(OURS.format(signature=SIGNATURE))
    assert not neighbours.first_only_by_order("practica_flask")


def test_what_nginx_takes_once_is_left_to_who_has_it(tmp_path):
    """Files of Puerto's have it too, and are written anew."""
    line, theirs, own = "variables_hash_bucket_size 128;", tmp_path / "sizes.conf", tmp_path / "own.conf"
    theirs.write_text(line)
    own.write_text(f"{SIGNATURE}: x\n{line}")
    for files, expected in ((), ""), ((own,), ""), ((own, theirs), str(theirs)):
        configuration = Configuration({file: parse(file.read_text()) for file in files})
        assert Neighbours(configuration).file_that_sets("variables_hash_bucket_size") == expected
