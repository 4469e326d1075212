"""Which folders and deployments count as Puerto's own, told by what a run leaves there rather than by names."""

import os
from pathlib import Path

import pytest
from puerto import footprint, systemd
from puerto.footprint import FOREIGN, RELEASES_MODE, Claim, is_own_folder
from puerto.handmade import Handmade
from puerto.names import Names
from puerto.nginx_config import from_dump
from puerto.preflight import refusal

RELEASE = "0123456789ab"


def folder(root: Path, *paths: str, mode: int = 0o755) -> Path:
    """Make a folder with files at these paths, or folders where they end in a slash."""
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).mkdir(exist_ok=True) if path.endswith("/") else (root / path).touch()
    if (root / "releases").is_dir():
        (root / "releases").chmod(mode)
    return root


def test_application_is_known_by_its_releases(tmp_path):
    assert is_own_folder(folder(tmp_path, f"releases/{RELEASE}/plan.json", "shared/.env", "current", "pipenv/bin/"))


@pytest.mark.parametrize("path", ["index.html", "notes/", "releases/of-mine/x", f"releases/{RELEASE}.bak/plan.json"])
def test_application_stays_puertos_whatever_a_person_puts_there(tmp_path, path):
    assert is_own_folder(folder(tmp_path, f"releases/{RELEASE}/plan.json", "shared/.env", "current", path))


@pytest.mark.parametrize("given", [".", "releases"])
def test_what_another_can_have_put_there_is_none(tmp_path, monkeypatch, given):
    """Such as a link to the releases of somebody else's application."""
    root, stat = folder(tmp_path, f"releases/{RELEASE}/plan.json", mode=RELEASES_MODE), Path.stat

    def owned(path: Path, **options: bool) -> os.stat_result:
        values = list(stat(path, **options))
        values[4] += path == tmp_path / given
        return os.stat_result(values)

    monkeypatch.setattr(Path, "stat", owned)
    assert not is_own_folder(root)


def test_first_run_that_was_cut_off_is_known_by_the_mode_of_its_folder(tmp_path):
    assert is_own_folder(folder(tmp_path, "releases/", "shared/", mode=RELEASES_MODE))


@pytest.mark.parametrize(
    "paths",
    [
        ("shared/notes.txt",),
        ("virtualenvs/blog/bin/python",),
        ("archives/2025.zip", "shared/"),
        ("releases/20260101120000/app.rb", "shared/", "current"),
        ("releases/1/index.php", "current"),
        ("releases/", "shared/", "index.html"),
        ("releases/v12/plan.json", "current"),
        ("releases/", "current"),
    ],
)
def test_folder_of_another_tool_is_another_s(tmp_path, paths):
    assert not is_own_folder(folder(tmp_path, *paths))


def test_what_a_process_calls_itself_commands_no_terminal():
    (sentence, *_) = refusal([Claim("unit", "x", FOREIGN, "\x1b[2Jof mallory: \x1b]0;owned\x07sh")])
    assert sentence == "unit x is another's, and stays as it is: of mallory: sh."


def test_deep_configuration_is_read_to_its_bottom():
    text = "a { " * 20_000 + "server { listen 80; }" + "}" * 20_000
    (server,) = from_dump(f"# configuration file /x:\n{text}").servers
    assert server.listens_on(80)


def test_nothing_made_by_hand_is_nothing():
    assert not Handmade((), (), (), (), (), (), ())


def test_names_that_a_run_may_link_are_looked_at(monkeypatch, tmp_path):
    """The site that is read after others', and the timer's start."""
    monkeypatch.setattr(systemd, "exists", lambda unit: False)
    monkeypatch.setattr(footprint, "UNITS", tmp_path)
    root, log = str(tmp_path / "srv"), "/x.log"
    names = Names("shop", root, "puerto-none", "puerto-none", ("shop.example",), log, log, "/unknown.conf", "acme")
    claimed = {claim.name for claim in footprint.claims(names, from_dump(""))}
    assert {
        "/etc/nginx/sites-enabled/zz-shop",
        f"{tmp_path}/timers.target.wants/puerto-none-certificate.timer",
    } < claimed
