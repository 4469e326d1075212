"""Who may put what into a deployment's folder while it is taken over, and what is refused there."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from puerto import adoption, package_manager, systemd
from puerto.adoption import Adoption
from puerto.errors import HostError
from puerto.footprint import RELEASES_MODE
from puerto.handmade import Handmade
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
