"""Which release a rollback goes to, and why it goes to none."""

from pathlib import Path

import pytest
from puerto.deployer import rollback_target
from puerto.errors import HostError
from puerto.layout import Application

from tests.plans import store

FIRST, SECOND, CURRENT = "a1b2c3d4e5f6", "a1b2ffffffff", "0123456789ab"


@pytest.fixture
def application(tmp_path: Path) -> Application:
    """An application with three releases."""
    application = Application(tmp_path, "flask_app")
    for day, release in enumerate((FIRST, SECOND, CURRENT), start=1):
        store(application, release, at=f"2026-01-0{day}T00:00:00Z")
    (tmp_path / "current").symlink_to(f"releases/{CURRENT}")
    return application


@pytest.mark.parametrize("prefix", [FIRST, "a1b2c"])
def test_release_is_named_by_its_first_digits(application, prefix):
    assert rollback_target(application, prefix) == FIRST


@pytest.mark.parametrize(
    ("prefix", "sentence"),
    [
        ("beef", f"there is no release beef; there are: {FIRST}, {SECOND}, {CURRENT}"),
        ("a1b2", f"a1b2 is the beginning of {FIRST} and {SECOND}: write more digits"),
        ("0123", f"{CURRENT} is already the current release"),
        ("", "there is no other good release to go back to"),
    ],
)
def test_what_names_no_other_release_is_refused(application, prefix, sentence):
    with pytest.raises(HostError) as error:
        rollback_target(application, prefix)
    assert str(error.value) == sentence
