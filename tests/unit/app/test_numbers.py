"""Numbers as pages print them, in both languages; what is printed is what is read."""

import pytest
from flask import Flask
from hypothesis import example, given
from hypothesis import strategies as st

from app import numerals
from app.languages import Numeral, number, percent
from app.values import as_text

LANGUAGES = ("es", "en")


def printed(app: Flask, language: str, function, *arguments) -> str:
    with app.test_request_context(headers={"Accept-Language": language}):
        return str(function(*arguments))


@pytest.mark.parametrize(
    ("value", "spanish", "english"),
    [(244382.44, "244.382", "244,382"), (12345.6, "12.346", "12,346"), (1234.567, "1.234,6", "1,234.6"),
     (99999.5, "100.000", "100,000"), (9999.96, "10.000", "10,000"), (210.66349, "210,66", "210.66"), (48, "48", "48"),
     (0.000123456, "0,00012346", "0.00012346"), (1.5e-9, "1,5E−9", "1.5E−9"), (-2536.0, "−2.536", "−2,536"),
     (0.0, "0", "0"), (-0.0, "0", "0"), (1.234567e300, "1,2346E300", "1.2346E300"), (10**20, "1E20", "1E20")],
)  # fmt: skip
def test_rounded_number_keeps_its_whole_part(app, value, spanish, english):
    assert [printed(app, language, number, value) for language in LANGUAGES] == [spanish, english]


@pytest.mark.parametrize(
    ("value", "is_grouped", "spanish", "english"),
    [(244382.44, True, "244.382,44", "244,382.44"), (3.2581, True, "3,2581", "3.2581"), (2536, True, "2.536", "2,536"),
     (2024, False, "2024", "2024"), (28013.0, False, "28013", "28013"), (1.0e-7, True, "0,0000001", "0.0000001"),
     (0.1 + 0.2, True, "0,30000000000000004", "0.30000000000000004")],
)  # fmt: skip
def test_numeral_has_all_its_digits(app, value, is_grouped, spanish, english):
    texts = [printed(app, language, lambda: Numeral(value, is_grouped)) for language in LANGUAGES]
    assert texts == [spanish, english]


@pytest.mark.parametrize(
    ("share", "spanish", "english"),
    [(0.545, "54,5\u00a0%", "54.5%"), (0, "0\u00a0%", "0%"), (1, "100\u00a0%", "100%"),
     (1.000001, "100\u00a0%", "100%"), (0.99999, "99,9\u00a0%", "99.9%"),
     (1e-9, "0,1\u00a0%", "0.1%"), (0.5, "50\u00a0%", "50%")],
)  # fmt: skip
def test_percentage_is_written_as_its_readers_do(app, share, spanish, english):
    assert [printed(app, language, percent, share) for language in LANGUAGES] == [spanish, english]


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_printed_is_what_is_read(app, language):
    @given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**15), 10**15), st.booleans())
    @example(2.536, True)
    @example(2536, True)
    @example(1e22, True)
    def read_back(value: float, is_grouped: bool) -> None:
        text = printed(app, language, lambda: Numeral(value, is_grouped))
        assert numerals.parse(text, numerals.MARK_OF[language]) == value, as_text(value)

    read_back()
