"""Model files of other libraries, told by their endings and beginnings: what they are, and the way that is open."""

from pathlib import Path

from deploy.base.errors import DeployError

PICKLES = (b"\x80", b"\x78", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x5d\x00", b"\x04\x22\x4d\x18")
"""How files begin that pickle wrote, or joblib: uncompressed, zlib, gzip, bz2, xz, lzma, lz4."""

ZIP = b"PK\3\4"
"""How files begin that skops wrote."""

ALIKE: dict[str, tuple[bytes, ...]] = {"Keras": (ZIP,), "PyTorch": (ZIP, *PICKLES), "R": PICKLES}
"""Library → how its own files begin too."""

SCIKIT_LEARN = "Puerto serves models of scikit-learn."
NEURAL = f"{SCIKIT_LEARN} Train one on the same table (MLPClassifier, MLPRegressor), and save it with joblib.dump."
BOOSTED = "Train it by its class for scikit-learn ({classes}), save that with joblib.dump, and add it --with {package}."
EXPORTED = f"{SCIKIT_LEARN} If it was exported from one, give that model, saved with joblib.dump, and its table."
R = f"{SCIKIT_LEARN} Train one in Python on the same table, which R writes with write.csv(…, row.names = FALSE)."

XGBOOST = ("XGBoost", BOOSTED.format(classes="XGBClassifier, XGBRegressor", package="xgboost"))
LIGHTGBM = ("LightGBM", BOOSTED.format(classes="LGBMClassifier, LGBMRegressor", package="lightgbm"))
CATBOOST = ("CatBoost", BOOSTED.format(classes="CatBoostClassifier, CatBoostRegressor", package="catboost"))

ENDINGS = {
    **dict.fromkeys((".keras", ".h5", ".hdf5"), ("Keras", NEURAL)),
    **dict.fromkeys((".pt", ".pth"), ("PyTorch", NEURAL)),
    **dict.fromkeys((".ubj", ".bst", ".model", ".json"), XGBOOST),
    ".txt": LIGHTGBM,
    ".cbm": CATBOOST,
    **dict.fromkeys((".rds", ".rdata"), ("R", R)),
    ".onnx": ("ONNX", EXPORTED),
    ".pmml": ("PMML", EXPORTED),
}
"""Ending of a file's name → whose it is, and what to do."""

BEGINNINGS = {".txt": b"tree", ".json": b'{"learner"'}
"""Of files whose endings say little."""


def require_own(file: Path, head: bytes) -> None:
    """Refuse a file of another library.

    Args:
        head: its first bytes.

    Raises:
        DeployError: it is one.
    """
    ending = file.suffix.lower()
    if ending not in ENDINGS or not head.startswith(BEGINNINGS.get(ending, b"")):
        return
    library, advice = ENDINGS[ending]
    if not head.startswith((*PICKLES, ZIP)) or head.startswith(ALIKE.get(library, ())):
        raise DeployError(f"{file}: is a model file of {library}, not of scikit-learn", advice)
