"""How edits in a folder are found: each kind of edit and its sentence."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from puerto import build, content


def make_folder(folder: Path) -> Path:
    """Make a folder with something of each kind in it, and its record."""
    (folder / "app" / "static").mkdir(parents=True)
    (folder / "app" / "api.py").write_text("answer = 42\n")
    (folder / "app" / "static" / "a file.css").write_text("body {}\n")
    (folder / "wsgi.py").write_text("import app\n")
    (folder / "flask_app.sock").symlink_to("/run/flask_app/flask_app.sock")
    for path in (folder / "app" / "api.py", folder / "wsgi.py"):
        path.chmod(0o640)
    (folder / "app").chmod(0o751)
    folder.chmod(0o751)
    content.write_record(folder)
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_folder(tmp_path / "release")


def replace(path: Path, make: Callable[[Path], object]) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
    make(path)


EDITS = {
    "a file's text": (lambda at: (at / "app/api.py").write_text("answer = 43\n"), ["app/api.py: was changed"]),
    "a file gone": (lambda at: (at / "wsgi.py").unlink(), ["wsgi.py: was removed"]),
    "a folder gone": (
        lambda at: shutil.rmtree(at / "app/static"), ["app/static/a file.css: was removed", "app/static: was removed"],
    ),
    "a file more": (lambda at: (at / "app/json.py").write_text(""), ["app/json.py: was added"]),
    "a hidden file more": (lambda at: (at / ".pth").write_text(""), [".pth: was added"]),
    "a folder more": (lambda at: (at / "numpy").mkdir(), ["numpy: was added"]),
    "a file's mode": (lambda at: (at / "wsgi.py").chmod(0o666), ["wsgi.py: has mode 0666, not 0640"]),
    "a folder's mode": (lambda at: (at / "app").chmod(0o777), ["app: has mode 0777, not 0751"]),
    "its own mode": (lambda at: at.chmod(0o700), [".: has mode 0700, not 0751"]),
    "a link's target": (
        lambda at: replace(at / "flask_app.sock", lambda path: path.symlink_to("/tmp/x")),
        ["flask_app.sock: points to /tmp/x, not to /run/flask_app/flask_app.sock"],
    ),
    "a file for a link": (
        lambda at: replace(at / "flask_app.sock", Path.touch), ["flask_app.sock: is a file, not a link"],
    ),
    "a link for a file": (
        lambda at: replace(at / "wsgi.py", lambda path: path.symlink_to("/tmp/x")), ["wsgi.py: is a link, not a file"],
    ),
    "a link for a folder": (
        lambda at: replace(at / "app/static", lambda path: path.symlink_to("/tmp")),
        ["app/static/a file.css: was removed", "app/static: is a link, not a folder"],
    ),
    "a pipe for a file": (
        lambda at: replace(at / "wsgi.py", os.mkfifo), ["wsgi.py: is a special file, not a file"],
    ),
    "no record": (lambda at: (at / content.RECORD).unlink(), ["content.json: can't be read"]),
    "half a record": (lambda at: (at / content.RECORD).write_text("{"), ["content.json: can't be read"]),
}  # fmt: skip


def test_folder_as_it_was_made_differs_in_nothing(folder):
    (folder / "verdict.json").write_text("{}")
    (folder / "app" / "__pycache__").mkdir()
    assert content.differences(folder) == content.differences(folder, reads_all=False) == []
    assert json.loads((folder / content.RECORD).read_text())["app/static/a file.css"]["kind"] == "file"
    assert (folder / content.RECORD).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("reads_all", [True, False])
@pytest.mark.parametrize("edit", EDITS)
def test_edit_is_found_and_named(folder, edit, reads_all):
    change, sentences = EDITS[edit]
    change(folder)
    assert content.differences(folder, reads_all) == sentences


def test_other_owner_is_found(folder):
    """The record is changed rather than the owner: only root gives files away."""
    entries = json.loads((folder / content.RECORD).read_text())
    owner, entries["wsgi.py"]["owner"] = entries["wsgi.py"]["owner"], "somebody:else"
    (folder / content.RECORD).write_text(json.dumps(entries))
    assert content.differences(folder) == [f"wsgi.py: belongs to {owner}, not to somebody:else"]


@pytest.mark.parametrize("edit", EDITS)
def test_edited_folder_is_restored(folder, tmp_path, edit):
    """In place, as it has to be for a release that visitors are being served from."""
    inode = folder.stat().st_ino
    EDITS[edit][0](folder)
    build.replace_content(folder, make_folder(tmp_path / "anew"))
    assert content.differences(folder) == []
    assert folder.stat().st_ino == inode
    assert (folder / "wsgi.py").read_text() == "import app\n"


def test_program_compares_several_folders(folder, tmp_path):
    other = make_folder(tmp_path / "other")
    (folder / "wsgi.py").unlink()
    command = [sys.executable, content.__file__, str(folder), str(other)]
    assert subprocess.run(command, capture_output=True, text=True).stdout == f"{folder}: wsgi.py: was removed\n"
