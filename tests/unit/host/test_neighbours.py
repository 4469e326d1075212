"""Which site of a host's Nginx answers what no site is called: with folders of its own in Nginx's place."""

from pathlib import Path

import pytest
from puerto import neighbours
from puerto.layout import SIGNATURE

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
