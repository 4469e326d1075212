"""Who may put what into a deployment's folder while it is taken over, and what is refused there."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from puerto import adoption, package_manager, systemd
from puerto.adoption import Adoption
from puerto.errors import HostError
from puerto.footprint import RELEASES_MODE
from puerto.handmade import Handmade
from puerto.layout import SIGNATURE
from puerto.names import Names

SITE, UNIT = "/etc/nginx/sites-enabled/none", "/etc/systemd/system/none.service"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir(mode=0o755)
    (folder / "wsgi.py").touch()
    return folder


@pytest.fixture
def names(root: Path) -> Names:
    return Names("shop", str(root), "shop", "shop-none", ("shop.example",), "/a.log", "/b.log", "/u.conf", "acme")


@pytest.fixture
def owners(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """To whom folders are given: the tests may run as anybody."""
    given: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "chown", lambda path, user, group: given.append((user, group)))
    return given


@pytest.fixture
def begin(names, root, owners, tmp_path, monkeypatch) -> Callable[[], Adoption]:
    """Return a function that begins to take over what works in the folder, whose unit runs in group 33."""
    values = {"WorkingDirectory": str(root), "Group": "33", "User": "person", "UnitFileState": "enabled"}
    monkeypatch.setattr(systemd, "value", lambda unit, name: values[name])
    monkeypatch.setattr(package_manager, "installed", list)
    monkeypatch.setattr(adoption, "COPIES", tmp_path / "copies")
    return lambda: adoption.begin(names, Handmade((SITE,), (UNIT,), (str(root),), (), (), (), ()))


@pytest.mark.parametrize(("before", "after"), [(0o755, 0o1775), (0o750, 0o1775), (0o700, 0o1771), (0o777, 0o1775)])
def test_folder_is_writable_for_the_unit_s_group_alone(begin, root, owners, before, after):
    root.chmod(before)
    begin()
    assert (owners, root.stat().st_mode & 0o7777) == ([(0, 33)], after)


@pytest.mark.parametrize("name", ["pipenv", "shared", "tls"])
def test_what_another_account_plants_stops_the_next_run(begin, names, root, name):
    """A link, whoever made it: where it leads is as good as another's."""
    begin()
    (root / name).symlink_to("/root")
    sentence = f"{root}/{name} isn't root's own, and Puerto would trust it"
    assert adoption.obstacles(names, Handmade((), (), (), (), (), (), ()))[0].startswith(sentence)
    with pytest.raises(HostError, match=sentence):
        begin()


def test_application_of_puerto_s_own_isn_t_taken_over(begin, root):
    (root / "wsgi.py").unlink()
    (root / "releases").mkdir()
    (root / "releases").chmod(RELEASES_MODE)
    (root / "current").symlink_to("releases/0123456789ab")
    with pytest.raises(HostError, match=r"runs in .* already, and the way back would remove it"):
        begin()
    assert not adoption.COPIES.exists()


@pytest.fixture
def taken_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Adoption:
    """One whose site Nginx reads, in a folder of its own."""
    (tmp_path / "enabled").mkdir()
    (tmp_path / "enabled" / "shop").write_text("server { listen 80 default_server; }")
    monkeypatch.setattr(adoption, "ENABLED", tmp_path / "enabled")
    backup, sites = tmp_path / "copies" / "shop-1", (str(tmp_path / "enabled" / "shop"),)
    copy = backup / "files" / sites[0].lstrip("/")
    copy.parent.mkdir(parents=True)
    copy.write_text("server { listen 80 default_server; }")
    return Adoption(str(backup), "shop", sites, (), "", (), (), (), (), unknown_hosts=str(tmp_path / "unknown.conf"))


@pytest.mark.parametrize("before", ["", "as another application needs it"])
def test_what_answers_unknown_names_comes_with_the_switch_and_goes_with_the_way_back(taken_over, tmp_path, before):
    """Beside a site that says that it answers them, Nginx would refuse both: at the next boot, too."""
    unknown, site = tmp_path / "unknown.conf", tmp_path / "enabled" / "shop"
    if before:
        unknown.write_text(before)
        taken_over.copied(str(unknown)).write_text(before)
    assert taken_over.place_for(tmp_path / "other.conf") == tmp_path / "other.conf"
    taken_over.place_for(unknown).write_text("return 444;")
    assert (unknown.read_text() if unknown.exists() else "") == before
    assert taken_over.texts() == {unknown: "return 444;"}
    taken_over.remove_sites()
    assert not site.exists() and unknown.read_text() == "return 444;" and not taken_over.texts()
    site.write_text(f"{SIGNATURE}: the application's own")
    assert taken_over.place_for(unknown) == unknown, "the next run changes it in its place"
    taken_over.put_sites_back()
    assert site.read_text() == "server { listen 80 default_server; }"
    assert (unknown.read_text() if unknown.exists() else "") == before


def test_record_of_an_earlier_version_is_read(taken_over, tmp_path, monkeypatch):
    monkeypatch.setattr(adoption, "COPIES", tmp_path / "copies")
    taken_over.save()
    file = Path(taken_over.backup) / "adoption.json"
    file.write_text(
        json.dumps({key: value for key, value in json.loads(file.read_text()).items() if key != "unknown_hosts"})
    )
    pending = Adoption.pending("shop")
    assert pending.place_for(tmp_path / "unknown.conf") == tmp_path / "unknown.conf"
    pending.remove_sites()
    pending.put_sites_back()
    assert (tmp_path / "enabled" / "shop").exists()
