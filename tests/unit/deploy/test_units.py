"""Units in the names of columns: what ``model add`` makes of them."""

import time

import pytest

from deploy.models import units


@pytest.mark.parametrize(
    ("name", "title", "unit"),
    [("bill_length_mm", "bill_length", "mm"), ("Superficie (m²)", "Superficie", "m²"), ("weight [kg]", "weight", "kg"),
     ("price_eur", "price", "€"), ("temp_c", "temp", "°C"), ("sepal length (cm)", "sepal length", "cm"),
     ("area_m2", "area", "m²"), ("altura.cm", "altura", "cm"), ("Colesterol (mg/dl)", "Colesterol", "mg/dl"),
     ("Precio (€/m²)", "Precio", "€/m²"), ("Temperature (C)", "Temperature", "°C"), ("edad (años)", "edad", "años"),
     ("humidity_pct", "humidity", "%"), ("power_kW", "power", "kW"), ("body mass kg", "body mass", "kg")],
)  # fmt: skip
def test_unit_is_split_from_a_name(name, title, unit):
    assert units.split(name) == (title, unit)


@pytest.mark.parametrize("name", ["mm", "kg", "(cm)", "age", "price_in", "rooms_min", "category_c", "rainy_days",
                                  "x (old)", "x (1)", "score (a/b)", "ratio (m/)", "km_", "", "group_f", "MedInc", "x1",
                                  "bedroom(s)", "grade (C)", "temperature (min)", "body mass g"])  # fmt: skip
def test_what_may_be_another_word_is_no_unit(name):
    assert units.split(name) == (name, "")


def test_long_name_is_split_at_once():
    started = time.process_time()
    for name in (" " * 5000 + "x", "_." * 5000, "(" * 5000, "a (" * 5000, "a b" * 5000, "a (" + "m/" * 5000 + ")"):
        units.split(name)
    assert time.process_time() - started < 0.5
