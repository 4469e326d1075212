"""A number's unit, which may be typed with it; and the numbers whose thousands nobody groups."""

import time

import pytest

from app.fields.number_text import is_code, unit_remover

LONG = 100_000
SECONDS = 0.5

RANGE = (0.0, 9000.0)


@pytest.mark.parametrize(
    ("units", "text", "number"),
    [(["m²"], "40 m²", "40"), (["m²"], "40m2", "40"), (["km", "km"], "40 KM", "40"), (["€"], "12 €", "12"),
     (["€"], "€12", "12"), (["€"], "€ -12", "-12"), (["€"], "-€12", "-12"),
     (["€"], "− € 12", "−12"), (["%"], "5 %", "5"), (["años", "years"], "30 YEARS", "30"),
     (["años", "years"], "30 años", "30"), (["mm Hg"], "93 mmHg", "93"), (["µg/m³"], "1,5 µg/m3", "1,5"),
     (["h"], "7\u00a0h", "7"), (["m", "metros"], "3 metros", "3"), (["m²"], "m² 40", "40"), (["e"], "5 e", "5")],
)  # fmt: skip
def test_unit_is_taken_away(units, text, number):
    assert unit_remover(units)(text) == number


@pytest.mark.parametrize(
    ("units", "text"),
    [(["km"], "40 m"), ([], "40 m"), (["0"], "400"), (["-"], "- 5"), ([".5"], "7.5"), (["e3"], "1e3"), (["m"], "abc"),
     (["m2"], "m2 40"), (["h"], ""), (["€"], "--12")],
)  # fmt: skip
def test_what_is_no_unit_of_the_field_stays(units, text):
    assert unit_remover(units)(text) == text


def test_unit_of_a_long_text_is_sought_once():
    started = time.process_time()
    remove = unit_remover(["m²", "metros"])
    for text in ("m²" * LONG, "1" * LONG + " m²", " " * LONG + "m", "m² " + "1" * LONG):
        remove(text)
    assert time.process_time() - started < SECONDS


@pytest.mark.parametrize("name", ["year", "YearBuilt", "model_year", "Año", "año de alta", "AÑO", "zip", "zip_code",
                                  "ZIPCODE", "cp", "código postal", "codigo", "customerId", "id2"])  # fmt: skip
def test_codes_are_known_by_their_names(name):
    assert is_code(name, RANGE)


@pytest.mark.parametrize("name", ["years", "yearly_income", "humidity", "acidez", "cpu", "baño", "precio", ""])
def test_other_names_are_no_codes(name):
    assert not is_code(name, RANGE)


@pytest.mark.parametrize(("numbers", "is_year"), [((1990, 2024.0, 2000), True), ((1000, 2999, 1500), True),
                                                  ((990, 2024, 2000), False), ((1990.5, 2024, 2000), False),
                                                  ((1990, float("inf"), 2000), False)])  # fmt: skip
def test_numbers_that_can_only_be_years_are_no_quantities(numbers, is_year):
    assert is_code("x", numbers) is is_year
