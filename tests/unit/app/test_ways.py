"""Whatever way a row comes in, the same is accepted and the same is refused, for the same reasons."""

import csv
import html
import io
import re
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from app.faults import InvalidInput
from app.fields import CategoryField, DateField, IntegerField, NumberField, TextField, YesNoField
from app.values import as_text
from tests.run import FULL
from tests.unit.conftest import token

NAMES = ["exam", "titanic", "diabetes", "every_kind"]
SURROGATES = st.characters(exclude_categories=["Cs", "Cc"])
TEXT = st.text(SURROGATES, max_size=60)
SOME = settings(max_examples=100 if FULL else 30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
ENGLISH = {"Accept-Language": "en"}


def typed_values(field: Any) -> st.SearchStrategy[Any]:
    """JSON values that are good, nearly good, and something else."""
    anything = (
        st.none()
        | st.booleans()
        | st.integers(-(10**20), 10**20)
        | st.floats(allow_nan=False, allow_infinity=False)
        | TEXT
    )
    return _good(field) | anything | st.sampled_from(_edges(field))


def _good(field: Any) -> st.SearchStrategy[Any]:
    if isinstance(field, NumberField | IntegerField):
        low, high = (bound if abs(bound) < 1e9 else (1 if bound > 0 else -1) * 1e9 for bound in field.bounds)
        return st.integers(int(low), int(high)) if isinstance(field, IntegerField) else st.floats(low, high)
    if isinstance(field, CategoryField):
        return st.sampled_from([choice.value for choice in field.choices])
    if isinstance(field, DateField):
        low, high = (
            datetime.fromisoformat(end) for end in (field.minimum or "0001-01-01", field.maximum or "9999-12-31")
        )
        days = st.dates(low.date(), high.date())
        return (st.datetimes(low, high) if field.has_time else days).map(lambda value: value.isoformat())
    return st.booleans() if isinstance(field, YesNoField) else st.text(SURROGATES, min_size=1, max_size=40)


def _edges(field: Any) -> list[Any]:
    edges = [float("inf"), 10**400, True, "", " ", "true", "1"]
    if isinstance(field, NumberField | IntegerField):
        edges += [value for bound in field.bounds for value in (bound, bound + 1, bound - 1, bound + 0.5, str(bound))]
    if isinstance(field, CategoryField):
        edges += [as_text(choice.value) for choice in field.choices]
        edges += [choice.value for choice in field.choices]
    if isinstance(field, DateField):
        edges += ["2026-11-26", "2026-11-26T10:00", "2026-11-26 00:00", "2026-02-30", "2026-11-26T10:00Z", "26/11/2026",
                  "2024-12-31", "2026-11-26T10:00:00.1234567", 20261126]  # fmt: skip
    if isinstance(field, TextField):
        edges += ["x" * field.maximum_characters, "x" * (field.maximum_characters + 1), " x "]
    return [value for value in edges if value not in (float("inf"), float("-inf"))]


def text_values(field: Any) -> st.SearchStrategy[str]:
    written = typed_values(field).map(lambda value: "" if value is None else as_text(value)[:500])
    padded = written.map(lambda text: f" {text} ")
    commas = written.map(lambda text: text.replace(".", ",", 1))
    return (
        written
        | padded
        | commas
        | st.sampled_from(["1,500", "1.500,5", "1e3", "NaN", "inf", "0x10", "1_0", "٣", "sí", "NO"])
    )


@st.composite
def rows(draw: Any, contract: Any, values: Any) -> dict[str, Any]:
    """A row with most of its fields, and sometimes one too many."""
    row = {field.name: draw(values(field)) for field in contract.fields if draw(st.integers(0, 9))}
    if not draw(st.integers(0, 9)):
        row[draw(st.text(SURROGATES, min_size=1, max_size=12).map(str.strip).filter(bool))] = draw(
            values(contract.fields[0])
        )
    return row


def faults(answer: Any) -> dict[str, str] | str:
    """Return field → sentence; or the status, where the answer isn't of the row's values."""
    if answer.status_code == 200:
        return {}
    assert answer.status_code == 422, (answer.status_code, answer.text)
    listed = answer.json.get("errors")
    return {each["field"]: each["detail"] for each in listed} if listed else answer.json["detail"]


def in_json(app: Any, name: str, row: dict[str, Any]) -> list[tuple[dict[str, str] | str, Any]]:
    """Send a row of JSON values all the ways; return faults and answer of each."""
    client, found = app.test_client(), []

    def ask(path: str, body: Any, pick: Any) -> None:
        answer = client.post(path, json=body, headers=ENGLISH)
        found.append((faults(answer), pick(answer.json) if answer.status_code == 200 else None))

    ask(f"/api/v1/models/{name}/predictions", row, lambda said: said["predictions"][0]["value"])
    ask(f"/api/v1/models/{name}/predictions", [row], lambda said: said["predictions"][0]["value"])
    for form in ("dataframe_records", "instances", "inputs"):
        ask(f"/models/{name}/invocations", {form: [row]}, lambda said: said["predictions"][0])
    split = {"columns": list(row), "data": [list(row.values())]}
    ask(f"/models/{name}/invocations", {"dataframe_split": split}, lambda said: said["predictions"][0])
    if row:
        columns = {key: [value] for key, value in row.items()}
        ask(f"/models/{name}/invocations", {"inputs": columns}, lambda said: said["predictions"][0])
        inputs = [{"name": key, "shape": [1], "datatype": "BYTES", "data": [value]} for key, value in row.items()]
        ask(f"/v2/models/{name}/infer", {"inputs": inputs}, lambda said: said["outputs"][0]["data"][0])
    if name == "exam":
        ask("/modelo", row, lambda said: said["predict"])
    return found


def in_text(app: Any, name: str, row: dict[str, str]) -> list[tuple[dict[str, str] | str, Any]]:
    """Send a row of texts all the ways: address, form, both tables."""
    client = app.test_client()
    answer = client.get(f"/api/v1/models/{name}/prediction", query_string=row, headers=ENGLISH)
    found = [(faults(answer), answer.json["prediction"]["value"] if answer.status_code == 200 else None)]

    page = client.get(f"/models/{name}", headers=ENGLISH).text
    page = client.post(f"/models/{name}", data={"csrf_token": token(page)} | row, headers=ENGLISH)
    assert page.status_code == (422 if found[0][0] else 200)
    shown = html.unescape(re.sub(r"<[^>]*>", "", page.text))
    assert all(sentence in shown for sentence in dict(found[0][0]).values())

    table = io.StringIO()
    csv.writer(table).writerows([row.keys(), row.values()])
    if all(text.strip() for text in row) and any(value.strip() for value in row.values()):
        answer = client.post(
            f"/models/{name}/invocations", data=table.getvalue().encode(), content_type="text/csv", headers=ENGLISH
        )
        found.append((faults(answer), answer.json["predictions"][0] if answer.status_code == 200 else None))
    return found


@pytest.mark.parametrize("name", NAMES)
def test_json_is_judged_alike_by_every_way(app, name):
    contract = app.extensions["models"][name].contract

    @SOME
    @given(rows(contract, typed_values))
    @example(dict(contract.example))
    @example({})
    def judged(row: dict[str, Any]) -> None:
        found = in_json(app, name, row)
        assert [said for said, _ in found] == [found[0][0]] * len(found), row
        assert {repr(as_text(answer)) for _, answer in found} == {repr(as_text(found[0][1]))}

    judged()


@pytest.mark.parametrize("name", NAMES)
def test_text_is_judged_alike_by_every_way(app, name):
    contract = app.extensions["models"][name].contract

    @SOME
    @given(rows(contract, text_values))
    @example({key: as_text(value) for key, value in contract.example.items()})
    def judged(row: dict[str, str]) -> None:
        address, *table = in_text(app, name, row)
        for said, answer in table:
            if isinstance(said, str):  # of the columns, rather than of the row's values
                assert set(row) - {field.name for field in contract.fields} or "lacks" in said, (row, said)
                assert address[0]
            else:
                assert (said, answer) == address, row

    judged()


@pytest.mark.parametrize("name", NAMES)
def test_what_is_accepted_typed_is_accepted_as_text_and_answered_alike(app, name):
    contract = app.extensions["models"][name].contract

    @SOME
    @given(st.fixed_dictionaries({field.name: _good(field) for field in contract.fields}))
    def alike(row: dict[str, Any]) -> None:
        typed = in_json(app, name, row)[0]
        text = in_text(app, name, {key: as_text(value) for key, value in row.items()})[0]
        assert typed == text

    alike()


@pytest.mark.parametrize("name", NAMES)
def test_columns_are_judged_as_rows_are(app, name):
    model = app.extensions["models"][name]
    names = [field.name for field in model.contract.fields]
    mostly = [st.just(as_text(field.example)) for field in model.contract.fields]
    cells = st.tuples(*(st.one_of(good, good, text_values(field), st.sampled_from(["1\n2", "1\n", "\n", "1e999"]))
                        for good, field in zip(mostly, model.contract.fields, strict=True)))  # fmt: skip

    @SOME
    @given(st.lists(cells, min_size=1, max_size=4), st.permutations(range(len(names))), st.integers(0, 1))
    def judged(rows, order, left_out):
        order = order[left_out:]
        header = [names[place] for place in order]
        given_rows = [[row[place] for place in order] for row in rows]
        try:
            expected = [model.check.text(dict(zip(header, row, strict=True))) for row in given_rows]
        except InvalidInput:
            expected = None
        found = model.check.texts(header, given_rows)
        assert repr(found) == repr(expected)

    judged()
