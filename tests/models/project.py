"""A project of its own that the tests import models into, and a small table."""

from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd

from deploy.models import importer

ROWS = np.random.default_rng(1).uniform(size=(40, 2)).round(3)


HIGH = (ROWS[:, 0] > 0.5).astype(int)


TABLE = pd.DataFrame(ROWS, columns=["u", "v"]).assign(y=HIGH)


class Importer:
    """Adds a file to a project of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.models, self.bundles = folder, folder / "models", folder / "bundles"

    def __call__(self, file: Path, **options: Any) -> Path:
        return importer.add(file, **{"trust": True, "models": self.models, "bundles": self.bundles} | options)

    def file(self, name: str, content: Any) -> Path:
        """Write what is to be added: bytes as they are, else by joblib."""
        path = self.folder / name
        path.write_bytes(content) if isinstance(content, bytes) else joblib.dump(content, path)
        return path

    def table(self, text: str = TABLE.to_csv(index=False), encoding: str = "utf-8") -> Path:
        path = self.folder / "table.csv"
        path.write_text(text, encoding=encoding)
        return path

    @property
    def left(self) -> list[str]:
        return [folder.name for folder in (self.models, self.bundles) if folder.exists()]
