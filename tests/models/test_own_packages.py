"""Packages that a model needs beside the kit's: chosen, locked and installed, by the real pipenv and pip."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.base import toolchain
from deploy.base.errors import DeployError
from deploy.base.paths import KIT, OWN_PACKAGES
from deploy.generate import requirements
from deploy.models import cli, own_packages


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with Pipfile, lock and a virtualenv of its own."""
    for name in ("Pipfile", "Pipfile.lock"):
        shutil.copy(KIT / name, tmp_path)
    monkeypatch.setattr(own_packages, "PIPFILE", tmp_path / "Pipfile")
    for module in (own_packages, toolchain, requirements):
        monkeypatch.setattr(module, "LOCK", tmp_path / "Pipfile.lock")
    for module in (own_packages, toolchain):
        monkeypatch.setattr(module, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(requirements, "PAGE", tmp_path / "requirements.txt")
    return tmp_path


def content(site: Path) -> dict[str, bytes]:
    return {name: (site / name).read_bytes() for name in ("Pipfile", "Pipfile.lock")}


def test_package_is_locked_beside_the_kit_s_and_installed(site):
    before, lock = content(site), json.loads((site / "Pipfile.lock").read_text())
    subprocess.run([sys.executable, "-m", "venv", site / ".venv"], check=True)
    locked = own_packages.install(["imbalanced-learn"])
    assert content(site) == before, "the model may be refused yet"
    locked.write()
    after = json.loads((site / "Pipfile.lock").read_text())
    assert {*after[OWN_PACKAGES]} >= {"imbalanced-learn"}
    assert not {*after[OWN_PACKAGES]} & {*after["default"]}, "scikit-learn is there already"
    for part in ("default", "develop"):
        assert after[part] == lock[part], "the kit's own stay as they are"
    assert after["_meta"]["sources"] == [] and "index" not in after[OWN_PACKAGES]["imbalanced-learn"]
    assert subprocess.run([toolchain.pipenv(None), "verify"], cwd=site, capture_output=True).returncode == 0
    assert toolchain.is_ready()
    assert list((site / ".venv").glob("lib/python3*/site-packages/imblearn/ensemble"))
    assert "imbalanced-learn==" in (site / "requirements.txt").read_text()
    assert own_packages.install(["Imbalanced_Learn"]) is None
    with pytest.raises(DeployError, match="was changed while the model was added"):
        locked.write()


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("../x", "is no package's name"),
        ("scikit-learn==1.5.2", "the Pipfile names scikit-learn already"),
        ("imbalanced-learn==9999", "No matching distribution found for imbalanced-learn==9999"),
    ],
)
def test_package_that_cannot_be_had_is_refused_and_nothing_changes(site, name, sentence):
    before = content(site)
    with pytest.raises(DeployError) as refusal:
        own_packages.install([name])
    assert sentence in refusal.value.reason
    assert content(site) == before


def test_package_of_the_kit_needs_nothing_more(site):
    assert own_packages.install(["scikit_learn"]) is None


def test_name_that_is_given_twice_is_one_package(site):
    pipfile = (site / "Pipfile").read_text()
    assert own_packages._with_packages(pipfile, ["xgboost", "XGBoost"]).count("xgboost") == 1
    with pytest.raises(DeployError, match="xgboost is given twice"):
        own_packages._with_packages(pipfile, ["xgboost", "xgboost==3.1.0"])


def test_files_are_looked_at_before_packages_are_installed(site, capsys):
    before = content(site)
    assert cli.main(["add", str(site / "gone.joblib"), "--with", "imbalanced-learn"]) == 2
    assert "gone.joblib: no such file" in capsys.readouterr().err and content(site) == before
    assert not (site / ".venv").exists()


def test_one_at_a_time_changes_the_pipfile(site, monkeypatch):
    monkeypatch.setattr(own_packages, "state", lambda *parts: site / "-".join(parts))
    for wanted in ([], ["scikit-learn"]):
        with own_packages.added(wanted), own_packages.added([]):
            pass
    with own_packages.added(["scikit-learn"]), pytest.raises(DeployError, match="another model add --with is in"):
        own_packages.added(["scikit-learn"]).__enter__()
