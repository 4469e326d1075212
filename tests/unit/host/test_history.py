"""The history of deploys, which hosts keep from one version of Puerto to the next."""

from pathlib import Path

import pytest
from puerto.history import History
from puerto.layout import Application


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(Application(tmp_path, "flask_app"))


def test_entry_of_an_earlier_version_is_read(history):
    """The step that is called "probe" was called "prove"."""
    history.add(what="release", id="a" * 12, result="good", seconds={"start": 1.5, "prove": 2.5, "switch": 0.1})
    history.add(what="release", id="b" * 12, result="bad", reason="probe: burst", seconds={"start": 1.5, "probe": 2.5})
    newest, oldest = history.last(5)
    assert newest["reason"] == "probe: burst"
    assert oldest["seconds"]["prove"] == 2.5


def test_line_that_a_power_cut_broke_is_left_out(history):
    history.add(what="release", id="a" * 12, result="good")
    with history.file.open("a") as file:
        file.write('{"what": "rel')
    history.add(what="release", id="b" * 12, result="good")
    assert [entry["id"] for entry in history.last(5)] == ["b" * 12, "a" * 12]
    assert [entry["id"] for entry in history.last(1)] == ["b" * 12]
