"""What goes from an application's folder with its old releases, and what a person put there."""

from pathlib import Path

import pytest
from puerto import cleanup, systemd
from puerto.layout import Application

from tests.plans import store

RELEASE, OLD = "0123456789ab", "ba9876543210"
STAY = ["releases/of-mine", f"releases/{OLD}.bak", "virtualenvs/mine", f"archives/{OLD}.tar.gz.asc", "notes"]
GO = [f"releases/.{OLD}.partial", f"virtualenvs/{OLD}-3.11", f"virtualenvs/{OLD}-3.13-again", f"archives/{OLD}.tar.gz"]


def test_only_what_runs_have_made_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(systemd, "uninstall", lambda *_: None)
    application = Application(tmp_path, "flask_app")
    store(application, RELEASE)
    (application.folder(RELEASE) / ".venv").symlink_to("../../virtualenvs/used/.venv")
    for path in (*STAY, *GO):
        (tmp_path / path).mkdir(parents=True)
    cleanup.prune(application, application.plan(RELEASE))
    left = {str(path.relative_to(tmp_path)) for path in (*tmp_path.iterdir(), *tmp_path.glob("*/*"))}
    assert {*STAY, f"releases/{RELEASE}"} <= left and not {*GO} & left
