"""Workbooks as Excel writes them: each kind of cell is answered as scikit-learn answers it, by upload and by JSON."""

import datetime
import io
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xlsxwriter
from python_calamine import load_workbook
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder

from app.model import Model
from app.tables import Table
from deploy.models.json_values import json_value
from tests.models.one_reader import MOST_COLUMNS, added

RANDOM = np.random.default_rng(7)
COUNT = 40
FLATS = pd.DataFrame({
    "area": RANDOM.uniform(30, 2400, COUNT).round(3), "price": RANDOM.uniform(50, 900, COUNT).round(2),
    "share": RANDOM.uniform(0, 1, COUNT).round(4), "lift": RANDOM.random(COUNT) < 0.5,
    "zone": RANDOM.choice(["08001", "28013"], COUNT), "rooms": RANDOM.integers(1, 6, COUNT),
    "built": [pd.Timestamp(2000, 1, 1) + pd.Timedelta(days=int(day)) for day in RANDOM.integers(0, 9000, COUNT)],
})  # fmt: skip
ANSWERS = FLATS["area"] + FLATS["price"] * 3 + FLATS["rooms"]
FORMATS = {"area": "#,##0.000", "price": "#,##0.00 €", "share": "0.00 %", "built": "dd/mm/yyyy"}


def days(frame: pd.DataFrame) -> np.ndarray:
    return frame.apply(lambda column: column.astype("int64") // 86_400_000_000_000).to_numpy()


@pytest.fixture(scope="module")
def estimator() -> Any:
    parts = make_column_transformer(
        ("passthrough", ["area", "price", "share", "lift", "rooms"]),
        (OneHotEncoder(handle_unknown="ignore"), ["zone"]),
        (FunctionTransformer(days), ["built"]),
    )
    return make_pipeline(parts, RandomForestRegressor(5, random_state=0)).fit(FLATS, ANSWERS)


def written(texts: tuple[str, ...] = (), formulas: tuple[str, ...] = ()) -> bytes:
    """Return the table as a workbook: a note on a hidden sheet, a title, the rows, another sheet.

    Args:
        texts: columns whose numbers are stored as texts, as Spanish people type them.
        formulas: columns whose cells are formulas with what they last came to.
    """
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        hidden, sheet, other = (book.add_worksheet(name) for name in ("Notes", "Flats", "Lists"))
        hidden.write(0, 0, "area")
        hidden.hide()
        sheet.activate()
        other.write(0, 0, "Barcelona")
        sheet.merge_range(0, 0, 0, 3, "Flats of 2026", book.add_format({"bold": True}))
        sheet.write_row(2, 0, [*FLATS])
        for place, (name, column) in enumerate(FLATS.items()):
            style = book.add_format({"num_format": FORMATS.get(name, "General")})
            for row, value in enumerate(column.tolist(), 3):
                if name in texts:
                    sheet.write_string(row, place, f"{value:,}".translate(str.maketrans(".,", ",.")))
                elif name in formulas:
                    sheet.write_formula(row, place, f"={value}", style, value)
                elif isinstance(value, datetime.datetime):
                    sheet.write_datetime(row, place, value, style)
                else:
                    sheet.write(row, place, value, style)
    return file.getvalue()


def uploaded(model: Model, data: bytes) -> list[dict[str, Any]]:
    returned = b"".join(Table(model, io.BytesIO(data), MOST_COLUMNS).predicted())
    header, *rows = load_workbook(io.BytesIO(returned)).get_sheet_by_index(0).to_python()
    return [dict(zip(header, row, strict=True)) for row in rows]


@pytest.fixture(scope="module")
def model(estimator) -> Model:
    return added(estimator, written(), "")


def test_kinds_of_fields_are_those_of_the_cells(model):
    assert {field.name: field.kind for field in model.contract.fields} == {
        "area": "number", "price": "number", "share": "number", "lift": "yes_no", "zone": "category",
        "rooms": "number", "built": "date",
    }  # fmt: skip


@pytest.mark.parametrize("texts", [(), ("area", "price"), ("rooms",)])
@pytest.mark.parametrize("formulas", [(), ("area", "price", "share"), ("rooms", "zone", "lift")])
def test_every_cell_is_answered_as_scikit_learn_answers_it(model, estimator, texts, formulas):
    rows = uploaded(model, written(texts, formulas))
    assert [row["error"] for row in rows] == [""] * COUNT
    assert np.allclose([row["prediction"] for row in rows], estimator.predict(FLATS))
    assert "the sheet “Flats” was read, one of 2" in rows[0]["warning"]
    assert "line 3 names the columns" in rows[0]["warning"]


def test_values_of_json_are_answered_alike(model, estimator):
    texts = FLATS.assign(built=FLATS["built"].dt.strftime("%Y-%m-%d"))
    posted = [{name: json_value(value) for name, value in row.items()} for row in texts.to_dict("records")]
    answers = model.predict([*map(model.validator.typed, posted)])
    assert np.allclose([answer.value for answer in answers], estimator.predict(FLATS))


@pytest.mark.parametrize("spelling", [str.upper, str.title, str.lower])
@pytest.mark.parametrize("words", [("false", "true"), ("falso", "verdadero"), ("no", "sí")])
def test_words_for_yes_and_no_are_read(model, estimator, spelling, words):
    texts = FLATS.assign(
        built=FLATS["built"].dt.strftime("%Y-%m-%d"), lift=[spelling(words[bool(lift)]) for lift in FLATS["lift"]]
    )
    table = Table(model, io.BytesIO(texts.to_csv(index=False).encode()), MOST_COLUMNS)
    answers = pd.read_csv(io.BytesIO(b"".join(table.predicted())))
    assert np.allclose(answers["prediction"], estimator.predict(FLATS))


def test_choice_that_is_written_as_true_is_one_of_workbooks(estimator):
    zones = FLATS.assign(zone=np.where(FLATS["lift"], "VERDADERO", "FALSO"))
    fitted = make_pipeline(*[step for _, step in estimator.steps]).fit(zones, ANSWERS)
    texts = zones.assign(built=zones["built"].dt.strftime("%Y-%m-%d"))
    model = added(fitted, texts.to_csv(index=False).encode(), "")
    booleans = texts.assign(zone=np.where(FLATS["lift"], "true", "FALSE"))
    for rows in (texts, booleans):
        table = Table(model, io.BytesIO(rows.to_csv(index=False).encode()), MOST_COLUMNS)
        answers = pd.read_csv(io.BytesIO(b"".join(table.predicted())))
        assert np.allclose(answers["prediction"], fitted.predict(zones))
