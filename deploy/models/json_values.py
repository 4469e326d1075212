"""A table's values as JSON has them."""

import math
from typing import Any

import numpy as np

MISSING = ("NAType", "NaTType")
"""pandas' types of a missing value, told by name: pandas itself isn't needed for that."""


def json_value(value: Any) -> Any:
    """Return a table's value as JSON has it: no numpy type, None for a missing one, whole numbers as such."""
    value = value.item() if isinstance(value, np.generic) else value
    is_missing = value is None or (isinstance(value, float) and math.isnan(value)) or type(value).__name__ in MISSING
    if is_missing:
        return None
    return value if isinstance(value, bool | int | float | str) else str(value)
