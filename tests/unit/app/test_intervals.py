"""Between what the truth lies, on the page and in the API's document; nothing where nothing was measured."""

import re

import pytest

from app.contract import Contract
from app.intervals import interval_of
from app.metrics import is_flattering
from app.predictions import Prediction
from app.schemas import prediction_schema

CONTRACT = {
    "name": "price", "title": "Price", "description": "Price.",
    "predicts": {"kind": "regression", "label": "Price", "unit": "€",
                 "interval": {"margin": 24190.3, "rows": 1111, "minimum": 0}},
    "fields": [{"name": "x", "kind": "number", "label": "X", "example": 1}],
}  # fmt: skip


def with_interval(**properties):
    predicts = CONTRACT["predicts"] | {"interval": CONTRACT["predicts"]["interval"] | properties}
    return Contract.model_validate(CONTRACT | {"predicts": predicts})


@pytest.mark.parametrize(
    ("language", "value", "sentence"),
    [("en", 203_020.4, "Between 178,000 and 228,000 € in 9 of 10 such cases."),
     ("es", 203_020.4, "Entre 178.000 y 228.000 € en 9 de cada 10 casos así."),
     ("en", 1000.0, "Between 0 and 26,000 € in 9 of 10 such cases.")],
)  # fmt: skip
def test_interval_is_said_in_round_numbers_that_hold_it(app, language, value, sentence):
    with app.test_request_context(headers={"Accept-Language": language}):
        assert interval_of(Contract.model_validate(CONTRACT).predicts, Prediction(value)).sentence == sentence


@pytest.mark.parametrize("value", [1e308, -1e308, 1.7976931348623157e308])
def test_interval_of_a_huge_prediction_is_said(app, value):
    with app.test_request_context(headers={"Accept-Language": "en"}):
        interval = interval_of(with_interval(margin=0.5, minimum=None).predicts, Prediction(value))
    assert re.fullmatch(r"Between (−?[\d.]+E308) and \1 € in 9 of 10 such cases.", interval.sentence)


@pytest.mark.parametrize(("coverage", "cases"), [(0.999, "99 of 100"), (0.001, "1 of 100"), (0.95, "19 of 20")])
def test_interval_never_holds_all_or_none(app, coverage, cases):
    with app.test_request_context(headers={"Accept-Language": "en"}):
        interval = interval_of(with_interval(coverage=coverage).predicts, Prediction(1000.0))
    assert interval.sentence.endswith(f" in {cases} such cases.")


def test_page_says_the_interval_where_one_was_measured(submit, client):
    fields = client.get("/api/v1/models/diabetes").json["contract"]["fields"]
    page = submit("diabetes", {field["name"]: str(field["example"]) for field in fields}, language="en").text
    assert " in 9 of 10 such cases." in page and "Measured on 111 cases that the model wasn't trained on." in page
    assert "such cases" not in submit("exam", {"estudio": "1", "sueno": "4.5"}, language="en").text


def test_document_promises_an_interval_only_where_there_is_one():
    contract = Contract.model_validate(CONTRACT)
    assert prediction_schema(contract)["required"] == ["value", "interval"]
    without = contract.model_copy(update={"predicts": contract.predicts.model_copy(update={"interval": None})})
    assert prediction_schema(without)["required"] == ["value"]


@pytest.mark.parametrize(
    ("names", "flatters"),
    [(["rows", "accuracy on the given table"], True), (["accuracy"], False),
     (["accuracy on the given table", "accuracy on rows not trained on"], False)],
)  # fmt: skip
def test_figure_of_the_training_table_alone_is_called_flattering(names, flatters):
    assert is_flattering(names) is flatters
