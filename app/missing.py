"""The words that tables write where a value is missing: one list for the table that a model is added with, and uploads.

Source: pandas' own (``pandas.read_csv``, ``na_values``), spreadsheets' in English and Spanish, and what people type.
"""

BLANK = frozenset({""})
"""What free text has where it is missing."""

PANDAS = frozenset({
    "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA", "NULL",
    "NaN", "None", "n/a", "nan", "null",
})  # fmt: skip

MISSING_WORDS = BLANK | PANDAS | {"#N/D", "N/D", "n/d", "NaT", "?", "-", "–", "—"}
"""What other values have there, without spaces at its ends."""
