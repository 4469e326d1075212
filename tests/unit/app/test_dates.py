"""Dates, with and without a time of day: how they are read, refused, shown, described and drawn."""

import re
from typing import Any

import numpy as np
import pytest
from flask_babel import force_locale
from pydantic import ValidationError

from app.faults import Refused
from app.fields import Column, DateField, recognised, type_of
from app.whatif import curves
from tests.csrf import token

ENGLISH = {"Accept-Language": "en"}
API = "/api/v1/models/every_kind/predictions"


def field(**properties: Any) -> DateField:
    return DateField.model_validate({"name": "d", "label": "D", "kind": "date", "example": "2026-11-26"} | properties)


DAY = field(minimum="2026-01-01", maximum="2026-12-31")
TIME = field(example="2026-11-26T10:00")

READ = [
    (DAY, "2026-11-26", "2026-11-26"),
    (DAY, " 2026-11-26 ", "2026-11-26"),
    (DAY, "2026-11-26T00:00:00.000", "2026-11-26"),
    (DAY, "2026-11-26 00:00", "2026-11-26"),
    (DAY, "2026-12-31", "2026-12-31"),
    (TIME, "2026-11-26T10:00", "2026-11-26T10:00:00"),
    (TIME, "2026-11-26t10:00:30", "2026-11-26T10:00:30"),
    (TIME, "2026-11-26 10:00:00.250", "2026-11-26T10:00:00.250000"),
    (TIME, "0001-01-01T00:00", "0001-01-01T00:00:00"),
]


@pytest.mark.parametrize(("date_field", "text", "value"), READ)
def test_date_is_read_as_iso_8601_writes_it(date_field, text, value):
    readers = date_field.readers()
    assert readers.text(text.strip(), None) == readers.typed(text) == value
    assert readers.typed_column([text, text]) == [value, value]


REFUSED = [
    (DAY, "26/11/2026", "is not a date: write it like 2026-11-26"),
    (DAY, "20261126", "is not a date: write it like 2026-11-26"),
    (DAY, "2026-W48-4", "is not a date: write it like 2026-11-26"),
    (DAY, "", "is not a date: write it like 2026-11-26"),
    (DAY, 20261126, "is not a date: write it like 2026-11-26"),
    (DAY, True, "is not a date: write it like 2026-11-26"),
    (DAY, "２０２６-11-26", "is not a date: write it like 2026-11-26"),
    (DAY, "2026-02-30", "does not exist in the calendar"),
    (DAY, "0000-01-01", "does not exist in the calendar"),
    (DAY, "2025-12-31", "is out of range: from 2026-01-01 to 2026-12-31"),
    (DAY, "2026-11-26T10:00", "has a time of day: write only the date, like 2026-11-26"),
    (DAY, "2026-11-26T00:00Z", "has a time zone: write the local time, like 2026-11-26"),
    (TIME, "2026-11-26T10:00:00+01:00", "has a time zone: write the local time, like 2026-11-26T10:00:00"),
    (TIME, "2026-11-26", "has no time of day: write date and time, like 2026-11-26T10:00:00"),
    (TIME, "2026-11-26T24:00", "is not a date: write it like 2026-11-26T10:00:00"),
    (TIME, "2026-11-26T10:00:00.1234567", "is not a date: write it like 2026-11-26T10:00:00"),
    (field(minimum="2026-01-01"), "2025-12-31", "is out of range: at least 2026-01-01"),
    (field(maximum="2026-12-31"), "2027-01-01", "is out of range: at most 2026-12-31"),
]


@pytest.mark.parametrize(("date_field", "value", "sentence"), REFUSED)
def test_wrong_date_is_refused_with_how_to_write_it(date_field, value, sentence):
    with pytest.raises(Refused) as refusal:
        date_field.readers().typed(value)
    assert str(refusal.value.fault) == sentence


CONTRADICTIONS = [
    ({"example": "2026-11-26T10:00Z"}, "without a time zone"),
    ({"example": "tomorrow"}, "write 2026-11-26"),
    ({"example": 20261126}, "write 2026-11-26"),
    ({"example": "2026-02-30"}, "day is out of range"),
    ({"minimum": "2026-01-01T00:00"}, "one has a time of day, the other doesn't"),
    ({"minimum": "2026-12-31", "maximum": "2026-01-01"}, "minimum 2026-12-31 must be before maximum 2026-01-01"),
    ({"maximum": "2026-01-01"}, "example 2026-11-26 is outside … to 2026-01-01"),
    ({"default": "2025-01-01", "minimum": "2026-01-01"}, "default 2025-01-01 is outside 2026-01-01 to …"),
]


@pytest.mark.parametrize(("properties", "sentence"), CONTRADICTIONS)
def test_contradiction_in_a_contract_is_refused(properties, sentence):
    with pytest.raises(ValidationError, match=re.escape(sentence)):
        field(**properties)


COLUMNS = [
    (["2026-11-26 00:00:00", "2026-01-01 00:00:00"], {"example": "2026-11-26", "seen": {"minimum": "2026-01-01",
                                                      "maximum": "2026-11-26"}}),
    (["2026-11-26 10:00:00"], {"example": "2026-11-26T10:00:00", "seen": dict.fromkeys(("minimum", "maximum"),
                                                                                       "2026-11-26T10:00:00")}),
]  # fmt: skip


@pytest.mark.parametrize(("values", "properties"), COLUMNS)
def test_pandas_column_of_dates_is_recognised(values, properties):
    assert recognised(Column(values, pandas_type="datetime64[us]")) == {"kind": "date"} | properties


def test_texts_are_dates_where_all_of_them_are():
    assert type_of(["2026-11-26", "2026-11-26T10:00:00"]) == "datetime64[us]"
    for texts in ([], ["2026-11-26", "soon"], ["26/11/2026"], ["2026-11-26T10:00:00Z"], ["2026-02-30"]):
        assert type_of(texts) is None


@pytest.mark.parametrize(
    "date_field", [DAY, TIME, field(), field(example="2026-11-26T10:00", minimum="2026-11-26T00:00")]
)
def test_drawn_dates_are_dates_of_the_field(date_field):
    values = date_field.drawn([date_field.example], np.random.default_rng(0), 200)
    assert [date_field.readers().typed(value) for value in values] == values
    assert len({*values}) > 1


def test_documents_say_which_dates(client):
    document = client.get("/api/v1/openapi.json").json
    row = document["components"]["schemas"]["EveryKindRow"]["properties"]
    expected = {"type": ["string", "null"], "format": "date", "examples": ["2026-11-26"]}
    assert {key: row["día"][key] for key in expected} == expected
    assert row["día"]["description"] == "Day; from 2025-01-01; to 2026-12-31"
    assert (row["cita"]["format"], row["cita"]["default"]) == ("date-time-local", "2026-01-01T09:30:00")
    inputs = client.get("/v2/models/every_kind").json["inputs"]
    assert [tensor["datatype"] for tensor in inputs if tensor["name"] in ("día", "cita")] == ["BYTES", "BYTES"]


def test_form_has_the_browser_s_own_inputs(client):
    page = client.get("/models/every_kind?example", headers={"Accept-Language": "es"}).text
    (day,) = re.findall(r"<input[^>]*name=\"día\"[^>]*>", page)
    (time,) = re.findall(r"<input[^>]*name=\"cita\"[^>]*>", page)
    assert all(part in day for part in ('type="date"', 'min="2025-01-01"', 'max="2026-12-31"', 'value="2026-11-26"'))
    assert all(part in time for part in ('type="datetime-local"', 'value="2026-11-26T10:00:00"'))
    assert "step" not in time
    assert field(example="2026-11-26T10:00:30").widget().attributes == {"step": "1"}
    assert "De 1 ene 2025 a 31 dic 2026." in page


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "Day: is not a date: write it like 2026-11-26."),
        ("es", "Día: no es una fecha: escríbela como 2026-11-26."),
    ],
)
def test_fault_stands_beside_the_input_in_the_reader_s_language(client, language, sentence):
    headers = {"Accept-Language": language}
    page = client.get("/models/every_kind", headers=headers).text
    entries = {"altura (cm)": "170", "nota": "x", "día": "mañana"}
    response = client.post("/models/every_kind", data={"csrf_token": token(page)} | entries, headers=headers)
    assert response.status_code == 422
    assert sentence in response.text


def test_curve_covers_the_range(app):
    model = app.extensions["models"]["every_kind"]
    row = model.validator.typed(model.contract.example)
    with app.test_request_context(headers=ENGLISH), force_locale("en"):
        (curve,) = [item for item in curves(model, row, model.predict([row])[0], [6]) if item.label == "Day"]
    assert curve.is_number
    shown = (curve.points[0].value, curve.points[-1].value, curve.here.value)
    assert shown == ("1 Jan 2025", "31 Dec 2026", "26 Nov 2026")
    assert [point.x for point in curve.points] == sorted(point.x for point in curve.points)
    assert 0.94 < curve.here.x < 0.96


def test_every_route_gives_the_same_prediction(client, app):
    model = app.extensions["models"]["every_kind"]
    rows = [
        dict(model.contract.example) | {"día": day, "cita": time}
        for day in ("2025-02-01", "2026-08-15", None)
        for time in ("2026-03-01T08:00", "2026-03-01T20:00:00")
    ]
    predictions = [prediction["value"] for prediction in client.post(API, json=rows).json["predictions"]]
    assert len({*predictions}) == 2
    names = [*rows[0]]
    lines = [",".join(f'"{"" if row[name] is None else row[name]}"' for name in names) for row in rows]
    table = "\n".join([",".join(names), *lines]).replace("True", "true")
    path = "/models/every_kind/invocations"
    assert client.post(path, data=table.encode(), content_type="text/csv").json["predictions"] == predictions
    split = {"columns": names, "data": [[*row.values()] for row in rows]}
    assert client.post(path, json={"dataframe_split": split}).json["predictions"] == predictions
    inputs = [
        {"name": name, "shape": [len(rows)], "datatype": "BYTES", "data": [row[name] for row in rows]} for name in names
    ]
    outputs = client.post("/v2/models/every_kind/infer", json={"inputs": inputs}).json["outputs"]
    assert outputs[0]["data"] == predictions
