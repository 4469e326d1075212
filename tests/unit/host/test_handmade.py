"""What a deployment made by hand consists of, and which parts of it others need: read from Nginx's configuration."""

from pathlib import Path

import pytest
from puerto import handmade, systemd
from puerto.names import Names
from puerto.nginx_config import from_dump

NAMES = Names("shop", "/srv/none", "shop", "shop-none", ("Shop.example",), "/a.log", "/b.log", "/u.conf", "off")
ENABLED = "/etc/nginx/sites-enabled"
OWN = "server { server_name SHOP.example; location / { proxy_pass http://unix:/run/a.sock; } }"
OTHER = "server { server_name blog.example; location / { proxy_pass http://unix:/run/b.sock; } }"


@pytest.fixture
def units(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the administrator's units; emperor.service listens on both sockets."""
    monkeypatch.setattr(handmade, "UNITS", tmp_path)
    monkeypatch.setattr(handmade, "_units_at", lambda address: {"emperor.service"})
    monkeypatch.setattr(systemd, "value", lambda unit, name: "")
    (tmp_path / "emperor.service").touch()
    return tmp_path


def obstacles(**files: str) -> tuple[str, ...]:
    dump = "".join(f"# configuration file {file}:\n{text}\n" for file, text in files.items())
    return handmade.survey(NAMES, from_dump(dump)).obstacles


@pytest.mark.parametrize(
    ("file", "text", "sentence"),
    [
        (f"{ENABLED}/all", OWN, ""),
        (f"{ENABLED}/all", OWN + OWN.replace("SHOP", ".shop"), ""),
        (f"{ENABLED}/all", OWN + OTHER, "all holds other sites too: move this site into a file of its own first."),
        (f"{ENABLED}/all", OWN + "server { listen 80 default_server; return 444; }", "all holds other sites too"),
        (f"{ENABLED}/shop", OWN + "server { listen 81; return 301 http://shop.example; }", ""),
        (f"{ENABLED}/shop", OWN + OTHER, "shop holds other sites too"),
        ("/etc/nginx/nginx.conf", f"http {{ {OWN} }}", "nginx.conf is no site's own file: move this site into a file"),
    ],
)
def test_file_that_others_need_is_told(units, file, text, sentence):
    said = obstacles(**{file: text})
    assert len(said) == bool(sentence) and sentence in "".join(said)


def test_other_site_of_the_unit_is_told_whatever_its_address(units):
    said = obstacles(**{f"{ENABLED}/own": OWN, f"{ENABLED}/blog": OTHER})
    assert said == (
        f"{ENABLED}/blog asks the deployment's unit too, and would lose it: give that site a unit of its own first.",
    )


@pytest.mark.parametrize("kind", ["folder", "link"])
def test_package_s_unit_is_left(units, kind):
    (units / "emperor.service").unlink()
    (units / "emperor.service.d").mkdir()
    if kind == "link":
        (units / "emperor.service").symlink_to(units / "emperor.service.d" / "x")
    (sentence,) = obstacles(**{f"{ENABLED}/own": OWN})
    assert sentence.startswith(f"emperor.service can't be stopped and removed, as {units}/emperor.service is no file")


@pytest.mark.parametrize(
    ("target", "address"),
    [
        ("http://unix:/run/a.sock:/", "unix:/run/a.sock"),
        ("http://127.0.0.1:8000/", "8000"),
        ("http://[::1]:8000", "8000"),
        ("https://localhost:8443/app", "8443"),
        ("http://[2001:db8::1]:8000", None),
        ("http://$backend", None),
    ],
)
def test_unit_is_looked_for_where_the_site_asks(units, monkeypatch, target, address):
    asked: list[str] = []
    monkeypatch.setattr(handmade, "_units_at", lambda address: asked.append(address) or set())
    text = OWN.replace("http://unix:/run/a.sock", target)
    handmade.survey(NAMES, from_dump(f"# configuration file {ENABLED}/all:\n{text}\n"))
    assert asked == ([address] if address else [])
