"""The modules of its own that a model needs: a file of its bundle, from which they are imported."""

import hashlib
import sys
from pathlib import Path

CODE = "code.zip"
"""In a bundle."""


def make_importable(file: Path, sha256: str) -> bool:
    """Let a model's own modules be imported; return False, and don't, where their file isn't the one of that SHA-256.

    They come after all others of their name, and the build lets no two models of a site have different ones.
    """
    if not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != sha256:
        return False
    if (path := str(file.resolve())) not in sys.path:
        sys.path.append(path)
    return True
