"""Numbers as people type them, and what the pages of both languages make of them: for a form and a browser."""

TYPED: dict[str, tuple[str, str] | None] = {
    "2.536": ("2.536", "2.536"),
    "2,536": ("2,536", "2,536"),
    "12,5": ("12,5", "12.5"),
    "12.5": ("12,5", "12.5"),
    "203,5": ("203,5", "203.5"),
    "1.234,5": ("1.234,5", "1,234.5"),
    "1,234.5": ("1.234,5", "1,234.5"),
    "1 234,5": ("1.234,5", "1,234.5"),
    "1\u202f234,5": ("1.234,5", "1,234.5"),
    "1\u00a0234": ("1.234", "1,234"),
    "1'234": ("1.234", "1,234"),
    "1.234.567": ("1.234.567", "1,234,567"),
    "1,234,567": ("1.234.567", "1,234,567"),
    "-3": ("−3", "−3"),
    "−3": ("−3", "−3"),
    "+3": ("3", "3"),
    "1e3": ("1.000", "1,000"),
    ".5": ("0,5", "0.5"),
    ",5": ("0,5", "0.5"),
    "007": ("7", "7"),
    "40 m²": ("40", "40"),
    "40 M2": ("40", "40"),
    "2.536 m²": ("2.536", "2.536"),
    "abc": None,
    "40 km": None,
    "12,5,1": None,
    "1.23.456": None,
    "5 %": None,
}
"""Text → the answer of the Spanish page and of the English one; None where both refuse it.

Two answers written alike are two numbers: 2.536 is two thousand in Spanish, and two and a half in English."""

ASKED = {
    ("es", "year_built", "2,024"): "no es un número entero; si quieres decir 2024, escríbelo así",
    ("en", "year_built", "2.024"): "is not a whole number; if you mean 2024, write it like that",
    ("es", "year_built", "2,000"): "se puede leer de dos maneras: escribe 2000 o 2",
    ("es", "precio", "45,125"): "se puede leer de dos maneras: escribe 45125 o 45,1250",
    ("es", "precio", "45,500 €"): "se puede leer de dos maneras: escribe 45500 o 45,5",
    ("en", "precio", "45.500"): "can be read in two ways: write 45500 or 45.5",
    ("es", "tasa", "2.536"): "se puede leer de dos maneras: escribe 2536 o 2,536",
    ("en", "tasa", "2,536%"): "can be read in two ways: write 2536 or 2.536",
    ("en", "tasa", "-2,536"): "is out of range: from 0 to 9",
    ("es", "precio", "1,5"): "está fuera del intervalo: de 50 a 244.382,44",
    ("en", "precio", "1.500.000"): "is out of range: from 50 to 244,382.44",
    ("en", "year_built", "3000"): "is out of range: from 1900 to 2024",
    ("es", "year_built", "1990,5"): "no es un número entero",
}
"""Language, field and text → why it is refused, to the end of the sentence."""

OTHERS = {"valor": "1", "year_built": "1990", "precio": "1000", "tasa": "1"}
"""What is typed in the fields that aren't tried."""
