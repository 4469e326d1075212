"""Bundles and the archive of a release."""

import json
import os
import shutil
import subprocess
import tarfile
import threading
from hashlib import sha256
from pathlib import Path

import pytest
import sklearn

from app import model
from deploy.base.errors import DeployError
from deploy.base.locks import exclusive
from deploy.base.paths import BUNDLES, KIT, LOCK, MODELS, state, tool
from deploy.models import builder
from deploy.models.builder import build, build_all
from deploy.models.training_module import training
from deploy.release import archive


def test_contract_without_a_model(tmp_path):
    shutil.copytree(MODELS / "exam", tmp_path / "exam", ignore=shutil.ignore_patterns("train.py"))
    with pytest.raises(DeployError, match=r"train\.py: is missing"):
        build(tmp_path / "exam", tmp_path / "bundles")


def test_leftovers_of_an_interrupted_build_do_not_reach_the_release(tmp_path):
    (tmp_path / ".exam-cut").mkdir()
    build(MODELS / "exam", tmp_path)
    assert [folder.name for folder in tmp_path.iterdir()] == ["exam"]


def test_build_is_repeatable_and_skipped_when_nothing_changed(bundles, tmp_path):
    assert not build(MODELS / "exam", bundles)
    assert build(MODELS / "exam", tmp_path)
    for name in (model.FILES["onnx"], model.MANIFEST):
        assert (tmp_path / "exam" / name).read_bytes() == (bundles / "exam" / name).read_bytes()


def test_interrupted_build_is_made_again(tmp_path):
    build(MODELS / "exam", tmp_path)
    (tmp_path / "exam" / model.FILES["onnx"]).write_bytes(b"half")
    assert build(MODELS / "exam", tmp_path)
    assert model.load(tmp_path / "exam").predict([[6, 8]])[0].value == "Aprobado"


def test_probability_is_scikit_learns(bundles):
    loaded = model.load(bundles / "exam")
    expected = training(MODELS / "exam" / "train.py").train().estimator.predict_proba([[6, 8]])[0]
    (prediction,) = loaded.predict([[6, 8]])
    assert prediction.probabilities == pytest.approx(expected, abs=1e-15)
    assert prediction.probability == max(expected)


def remove_key(bundle: Path, key: str) -> None:
    manifest = json.loads((bundle / model.MANIFEST).read_text())
    del manifest[key]
    (bundle / model.MANIFEST).write_text(json.dumps(manifest))


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda bundle: (bundle / model.FILES["onnx"]).write_bytes(b"evil"), "is not the file that was built"),
        (lambda bundle: (bundle / model.FILES["onnx"]).unlink(), "is not a complete bundle"),
        (lambda bundle: (bundle / model.MANIFEST).write_text("{"), "is not a complete bundle"),
        (lambda bundle: (bundle / model.MANIFEST).write_text("{}"), "is not a complete bundle"),
        (lambda bundle: (bundle / model.MANIFEST).write_text("[]"), "is not a complete bundle"),
        (lambda bundle: remove_key(bundle, "sha256"), "is not a complete bundle"),
        (lambda bundle: remove_key(bundle, "version"), "is not a complete bundle"),
    ],
)
def test_damaged_bundle_is_refused(bundles, tmp_path, damage, sentence):
    shutil.copytree(bundles / "exam", tmp_path / "exam")
    damage(tmp_path / "exam")
    with pytest.raises(model.BundleError, match=sentence):
        model.load(tmp_path / "exam")


def test_model_of_another_scikit_learn_is_refused(bundles, tmp_path):
    shutil.copytree(bundles / "every_kind", tmp_path / "every_kind")
    file, manifest = (tmp_path / "every_kind" / name for name in (model.FILES["scikit_learn"], model.MANIFEST))
    old = file.read_bytes().replace(sklearn.__version__.encode(), b"0" * len(sklearn.__version__))
    manifest.write_text(manifest.read_text().replace(*(sha256(data).hexdigest() for data in (file.read_bytes(), old))))
    file.write_bytes(old)
    with pytest.raises(model.BundleError, match="was made by scikit-learn 00000"):
        model.load(tmp_path / "every_kind")


def test_same_tree_is_the_same_release():
    build_all()
    _, release = archive.pack()
    assert archive.pack() == (False, release)


def test_archive_holds_what_the_server_runs_and_nothing_else():
    build_all()
    release = archive.pack()[1]
    with tarfile.open(release["path"]) as tar:
        members = {Path(member.name): member for member in tar}
    assert {name.parts[0] for name in members} == {*archive.CONTENT, "host", "puerto"}
    assert release["manifest"]["models"].keys() == {"exam", "titanic", "diabetes"}
    assert {Path("puerto/__main__.py"), Path("host/__main__.py")} <= set(members), "by either name"
    assert members[Path("app/static/style.css")].mode == 0o644
    assert members[Path("wsgi.py")].mode == 0o640
    assert not [name for name in members if "__pycache__" in name.parts]


STRAY_PATHS = {
    "a file": lambda path: path.write_text("mine"),
    "a link": lambda path: path.symlink_to("elsewhere"),
    "a folder": lambda path: path.mkdir(),
    "a pipe": lambda path: os.mkfifo(path),
}
"""What somebody may put among the bundles → how."""


@pytest.fixture
def one_model(bundles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one model, exam, which is built."""
    shutil.copytree(MODELS / "exam", tmp_path / "models" / "exam")
    shutil.copytree(bundles / "exam", tmp_path / "bundles" / "exam")
    for name in ("MODELS", "BUNDLES"):
        monkeypatch.setattr(builder, name, tmp_path / name.lower())
    return tmp_path


@pytest.mark.parametrize("kind", STRAY_PATHS)
def test_stray_path_among_the_bundles_is_no_error(one_model, kind):
    (one_model / "elsewhere").mkdir()
    STRAY_PATHS[kind](one_model / "bundles" / "stray")
    assert build_all() == {"exam": False}
    assert (one_model / "elsewhere").is_dir()
    assert (one_model / "bundles" / "stray").exists() == (kind in ("a file", "a pipe"))


@pytest.mark.parametrize("kind", STRAY_PATHS)
def test_stray_path_in_the_place_of_a_bundle_is_replaced(one_model, kind):
    bundle = one_model / "bundles" / "exam"
    bundle.rename(one_model / "bundles" / "elsewhere")
    STRAY_PATHS[kind](bundle)
    assert build_all() == {"exam": True}
    assert model.load(bundle).name == "exam"


def test_file_in_the_place_of_the_bundles_is_an_error(one_model):
    shutil.rmtree(one_model / "bundles")
    (one_model / "bundles").write_text("mine")
    with pytest.raises(DeployError, match="bundles: is no folder"):
        build_all()


def test_somebody_s_file_among_the_bundles_is_in_no_release():
    build_all()
    content = archive.pack()[1]["content"]
    notes = [BUNDLES / "notes.md", BUNDLES / "exam" / "notes.md"]
    for file in notes:
        file.write_text("mine")
    try:
        assert archive.pack()[1]["content"] == content
    finally:
        for file in notes:
            file.unlink()


def test_link_out_of_the_project_is_not_released(tmp_path):
    (tmp_path / "secret").write_text("hunter2")
    link = KIT / "app" / "static" / "link.txt"
    link.symlink_to(tmp_path / "secret")
    try:
        with pytest.raises(DeployError, match=r"^app/static/link\.txt: can't be released: it is a link that leads out"):
            archive.pack()
    finally:
        link.unlink()


def test_bundles_stay_as_they_are_until_they_are_packed(monkeypatch):
    """Another run asks for the models' lock between build and pack: it gets it afterwards."""
    build_all()
    events = []

    def take_lock():
        with exclusive(state("locks", "models")):
            events.append("another run")

    another_run = threading.Thread(target=take_lock)
    pack = archive.pack

    def pack_beside_another_run():
        another_run.start()
        another_run.join(0.5)
        release = pack()
        events.append("packed")
        return release

    monkeypatch.setattr(archive, "pack", pack_beside_another_run)
    assert archive.main() == 0
    another_run.join(10)
    assert events == ["packed", "another run"]


def test_lock_names_no_index_and_is_the_pipfile_s():
    lock = json.loads(LOCK.read_text())
    assert lock["_meta"]["sources"] == []
    packages = [*lock["default"].values(), *lock["develop"].values()]
    assert all(package["hashes"] for package in packages)
    assert not [package for package in packages if "index" in package]
    process = subprocess.run([tool("../../.puerto/pipenv/bin/pipenv"), "verify"], cwd=LOCK.parent, capture_output=True)
    assert process.returncode == 0, process.stderr
