"""Model files of other libraries are called by their names, with the way that is open."""

import pickle

import joblib
import pytest
import skops.io
from sklearn.linear_model import LinearRegression

from deploy.base.errors import DeployError
from deploy.models import input_files

FILES = {
    "m.keras": (b"PK\3\4", "Keras", "MLPClassifier"), "m.h5": (b"\x89HDF\r\n", "Keras", "MLPClassifier"),
    "m.pt": (b"PK\3\4", "PyTorch", "MLPRegressor"), "m.PTH": (b"\x80\2\x8a", "PyTorch", "MLPRegressor"),
    "m.json": (b'{"learner":{"a":1}}', "XGBoost", "XGBClassifier"), "m.ubj": (b"{L", "XGBoost", "XGBClassifier"),
    "m.bst": (b"binf", "XGBoost", "--with xgboost"), "m.model": (b"\0\0", "XGBoost", "--with xgboost"),
    "m.txt": (b"tree\nversion=v4\n", "LightGBM", "LGBMClassifier"), "m.cbm": (b"CBM1", "CatBoost", "--with catboost"),
    "m.rds": (b"\x1f\x8b\x08", "R", "write.csv"), "m.RData": (b"RDX3", "R", "write.csv"),
    "m.onnx": (b"\x08\x0a", "ONNX", "exported"), "m.pmml": (b"<?xml", "PMML", "exported"),
}  # fmt: skip
"""Name → how the file begins, whose it is, and a word of the advice."""


@pytest.mark.parametrize("name", FILES)
def test_file_of_another_library_is_called_by_its_name(tmp_path, name):
    head, library, advice = FILES[name]
    file = tmp_path / name
    file.write_bytes(head)
    with pytest.raises(DeployError) as refused:
        input_files.check_model(file)
    assert refused.value.reason == f"{file}: is a model file of {library}, not of scikit-learn"
    assert advice in refused.value.advice


@pytest.mark.parametrize("name", ["m.model", "m.json", "m.txt", "m.joblib"])
def test_pickle_of_whatever_ending_is_taken(tmp_path, name):
    file = tmp_path / name
    file.write_bytes(pickle.dumps({}))
    input_files.check_model(file)


@pytest.mark.parametrize("method", ["zlib", "gzip", "bz2", "xz", "lzma"])
def test_compressed_file_of_joblib_is_taken(tmp_path, method):
    joblib.dump({}, tmp_path / "m.model", compress=(method, 3))
    input_files.check_model(tmp_path / "m.model")


def test_file_of_skops_is_taken_by_another_library_s_ending(tmp_path):
    skops.io.dump(LinearRegression(), tmp_path / "m.skops")
    input_files.check_model((tmp_path / "m.skops").rename(tmp_path / "m.model"))


def test_text_of_no_library_is_no_model_file(tmp_path):
    (tmp_path / "m.txt").write_text("a,b\n")
    with pytest.raises(DeployError, match="is no model file"):
        input_files.check_model(tmp_path / "m.txt")
