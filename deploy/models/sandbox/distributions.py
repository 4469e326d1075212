"""What a package is called on the index whose module a model needs."""

NAMES = {
    "imblearn": "imbalanced-learn", "sklego": "scikit-lego", "sksurv": "scikit-survival", "umap": "umap-learn",
    "sklearn_extra": "scikit-learn-extra", "skfda": "scikit-fda", "skopt": "scikit-optimize", "yaml": "pyyaml",
    "PIL": "pillow", "cv2": "opencv-python-headless", "bs4": "beautifulsoup4", "dateutil": "python-dateutil",
}  # fmt: skip
"""Module → package, where their names differ by more than a hyphen."""


def distribution(module: str) -> str:
    """Return the name of the package that brings a module, as far as names tell."""
    name = module.partition(".")[0]
    return NAMES.get(name, name.replace("_", "-").lower())
