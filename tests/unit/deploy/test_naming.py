"""What ``model add`` calls a model, its answer and its columns."""

import time

import pytest

from deploy.models import naming
from deploy.models.methods import method


@pytest.mark.parametrize(
    ("name", "words"),
    [("bill_length", "Bill length"), ("TotalBsmtSF", "Total bsmt SF"), ("MSSubClass", "MS sub class"),
     ("1stFlrSF", "1st flr SF"), ("hours-per-week", "Hours per week"), ("Sepal.Length", "Sepal length"),
     ("SalePrice", "Sale price"), ("añoConstrucción", "Año construcción"), ("AGE_GROUP", "AGE group"),
     ("PRICE", "Price"), ("BMI", "BMI"), ("self-employed share", "Self-employed share"), ("Superficie", "Superficie")],
)  # fmt: skip
def test_name_is_written_as_a_person_would(name, words):
    assert naming.in_words(name) == words


@pytest.mark.parametrize("name", ["pH", "eGFR", "HbA1c", "LDLc", "x0", "u", "s1", "3.5", "_", "Tasa IVA (21 %)"])
def test_symbol_or_abbreviation_stays_as_it_is(name):
    assert naming.in_words(name) == name


@pytest.mark.parametrize(
    ("file", "answer", "title"),
    [("c04_ames", "Sale price", "Ames: sale price"), ("churn", "Churn", "Churn"), ("model", "Survived", "Survived"),
     ("titanic_rf", "Survived", "Titanic: survived"), ("best-model-v2", "", "Best model v2"), ("c04", "", "C04"),
     ("house_price", "Price", "House price"), ("patients", "BMI", "Patients: BMI")],
)  # fmt: skip
def test_title_is_of_file_and_answer(file, answer, title):
    assert naming.title(file, answer) == title


def test_description_names_the_answer_and_counts_the_columns():
    assert naming.description("Sale price", None, ["x"] * 79) == {
        "es": "Predice «Sale price» a partir de 79 propiedades.",
        "en": "Predicts “Sale price” from 79 properties.",
    }
    assert naming.description("", 3, ["Review"])["en"] == "Predicts one of 3 answers from “Review”."
    assert naming.description("", None, ["x", "y"])["es"] == "Predice un número a partir de 2 propiedades."


def test_method_is_explained_and_named():
    assert method("StandardScaler → Ridge") == {
        "es": "Regresión lineal con los pesos contenidos (StandardScaler → Ridge)",
        "en": "Linear regression with its weights kept small (StandardScaler → Ridge)",
    }
    assert method("Strange") == {"es": "Strange", "en": "Strange"}


def test_long_name_is_worded_at_once():
    started = time.process_time()
    for name in ("aB" * 5000, "_" * 10_000, "A" * 10_000, "a-" * 5000, "Aa" * 5000, " a" * 5000):
        naming.in_words(name)
        naming.title(name, name)
    assert time.process_time() - started < 0.5
