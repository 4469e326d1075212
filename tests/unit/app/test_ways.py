"""Whatever route a row takes, the same is accepted and the same is refused, for the same reasons."""

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
from tests.csrf import token
from tests.run import FULL

NAMES = ["exam", "titanic", "diabetes", "every_kind"]
SURROGATES = st.characters(exclude_categories=["Cs", "Cc"])
TEXT = st.text(SURROGATES, max_size=60)
SOME = settings(max_examples=100 if FULL else 10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
ENGLISH = {"Accept-Language": "en"}


def typed_values(field: Any) -> st.SearchStrategy[Any]:
    """JSON values that are valid, almost valid, and something else."""
    anything = (
        st.none()
        | st.booleans()
        | st.integers(-(10**20), 10**20)
        | st.floats(allow_nan=False, allow_infinity=False)
        | TEXT
    )
    return _valid(field) | anything | st.sampled_from(_edges(field))


def _valid(field: Any) -> st.SearchStrategy[Any]:
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
        edges += ["2026-11-26", "2026-11-26T10:00", "2026-11-26 00:00", "2026-02-30", "2026-11-26T10:00Z", "26/11/2026"]
        edges += ["2024-12-31", "2026-11-26T10:00:00.1234567", 20261126]
    if isinstance(field, TextField):
        edges += ["x" * field.maximum_characters, "x" * (field.maximum_characters + 1), " x "]
    return [value for value in edges if value not in (float("inf"), float("-inf"))]


def text_values(field: Any) -> st.SearchStrategy[str]:
    plain = typed_values(field).map(lambda value: "" if value is None else as_text(value)[:500])
    padded = plain.map(lambda text: f" {text} ")
    commas = plain.map(lambda text: text.replace(".", ",", 1))
    return (
        plain
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


def errors_of(response: Any) -> str:
    """Return why a row is refused, wherever the route has it, without its place; empty where it is not."""
    if response.status_code == 200:
        return ""
    assert response.status_code == 422, (response.status_code, response.text)
    sentence = next(response.json[member] for member in ("detail", "message", "error") if member in response.json)
    return re.sub(r"(row|line) \d+, ", "", sentence)


def post_json(app: Any, name: str, row: dict[str, Any]) -> list[tuple[str, Any]]:
    """Send a row of JSON values to all routes; return the errors and the prediction of each."""
    client, results = app.test_client(), []

    def post(path: str, body: Any, pick: Any) -> None:
        response = client.post(path, json=body, headers=ENGLISH)
        results.append((errors_of(response), pick(response.json) if response.status_code == 200 else None))

    post(f"/api/v1/models/{name}/predictions", row, lambda document: document["predictions"][0]["value"])
    post(f"/api/v1/models/{name}/predictions", [row], lambda document: document["predictions"][0]["value"])
    for key in ("dataframe_records", "instances", "inputs"):
        post(f"/models/{name}/invocations", {key: [row]}, lambda document: document["predictions"][0])
    split = {"columns": list(row), "data": [list(row.values())]}
    post(f"/models/{name}/invocations", {"dataframe_split": split}, lambda document: document["predictions"][0])
    if row:
        columns = {field: [value] for field, value in row.items()}
        post(f"/models/{name}/invocations", {"inputs": columns}, lambda document: document["predictions"][0])
        inputs = [{"name": field, "shape": [1], "datatype": "BYTES", "data": [value]} for field, value in row.items()]
        post(f"/v2/models/{name}/infer", {"inputs": inputs}, lambda document: document["outputs"][0]["data"][0])
    if name == "exam" and not any(isinstance(value, str) for value in row.values()):  # it takes texts for numbers
        post("/modelo", row, lambda document: document["predict"])
    return results


def send_text(app: Any, name: str, row: dict[str, str]) -> list[tuple[str, Any]]:
    """Send a row of texts to all routes: address, form, table.

    The form alone knows its reader's decimal mark: it takes what is ambiguous to the others.
    """
    client = app.test_client()
    address = client.get(f"/api/v1/models/{name}/prediction", query_string=row, headers=ENGLISH)
    results = [(errors_of(address), address.json["prediction"]["value"] if address.status_code == 200 else None)]

    page = client.get(f"/models/{name}", headers=ENGLISH).text
    response = client.post(f"/models/{name}", data={"csrf_token": token(page)} | row, headers=ENGLISH)
    details = [error["detail"] for error in address.json.get("errors", [])]
    unambiguous = [sentence for sentence in details if "is ambiguous" not in sentence]
    assert response.status_code in ({422} if unambiguous else {200, 422} if details else {200})
    text = html.unescape(re.sub(r"<[^>]*>", "", response.text))
    assert all(sentence in text for sentence in unambiguous)

    table = io.StringIO()
    csv.writer(table).writerows([row.keys(), row.values()])
    if all(text.strip() for text in row) and any(value.strip() for value in row.values()):
        response = client.post(
            f"/models/{name}/invocations", data=table.getvalue().encode(), content_type="text/csv", headers=ENGLISH
        )
        results.append((errors_of(response), response.json["predictions"][0] if response.status_code == 200 else None))
    return results


def judged_in_a_table(errors: str) -> list[str]:
    """Leave out what a table takes: other columns, and numbers with two readings, where its range tells which."""
    taken = ("is ambiguous", "is not a field of this model")
    return [error for error in split_errors(errors) if not any(words in error for words in taken)]


def split_errors(errors: str) -> list[str]:
    """Return the errors of a sentence that has them all: one that names the closest field has a semicolon itself."""
    return re.split("; (?!the closest is )", errors)


@pytest.mark.parametrize("name", NAMES)
def test_every_route_judges_json_alike(app, name):
    contract = app.extensions["models"][name].contract

    @SOME
    @given(rows(contract, typed_values))
    @example(dict(contract.example))
    @example({})
    def judge(row: dict[str, Any]) -> None:
        results = post_json(app, name, row)
        assert [errors for errors, _ in results] == [results[0][0]] * len(results), row
        assert {repr(as_text(value)) for _, value in results} == {repr(as_text(results[0][1]))}

    judge()


@pytest.mark.parametrize("name", NAMES)
def test_every_route_judges_text_alike(app, name):
    contract = app.extensions["models"][name].contract

    @SOME
    @given(rows(contract, text_values))
    @example({key: as_text(value) for key, value in contract.example.items()})
    @example({key: as_text(value) for key, value in contract.example.items()} | {contract.fields[0].name[:-1]: "0"})
    @example(dict.fromkeys(contract.example, "false"))  # no units, since no row follows
    def judge(row: dict[str, str]) -> None:
        address, *tables = send_text(app, name, row)
        for errors, value in tables:
            if errors.startswith(("The column", "The table")):  # about the columns, rather than about the row's values
                assert "is missing" in errors, (row, errors)
                assert address[0]
            elif (known := judged_in_a_table(address[0])) != split_errors(address[0]):
                assert all(error in errors for error in known), (row, errors)
            else:
                assert (errors, value) == address, row

    judge()


@pytest.mark.parametrize("name", NAMES)
def test_json_and_text_of_a_valid_row_give_the_same_prediction(app, name):
    contract = app.extensions["models"][name].contract

    @SOME
    @given(st.fixed_dictionaries({field.name: _valid(field) for field in contract.fields}))
    def compare(row: dict[str, Any]) -> None:
        typed = post_json(app, name, row)[0]
        text = send_text(app, name, {key: as_text(value) for key, value in row.items()})[0]
        assert typed == text

    compare()


@pytest.mark.parametrize("name", NAMES)
def test_columns_are_judged_as_rows_are(app, name):
    model = app.extensions["models"][name]
    names = [field.name for field in model.contract.fields]
    odd = st.sampled_from(["1\n2", "1\n", "\n", "1e999"])

    def cell(field):
        valid = st.just(as_text(field.example))
        return st.one_of(valid, valid, text_values(field), odd)

    cells = st.tuples(*map(cell, model.contract.fields))

    @SOME
    @given(st.lists(cells, min_size=1, max_size=4), st.permutations(range(len(names))), st.integers(0, 1))
    def judge(rows, order, left_out):
        order = order[left_out:]
        header = [names[place] for place in order]
        table = [[row[place] for place in order] for row in rows]
        try:
            expected = [model.validator.text(dict(zip(header, row, strict=True))) for row in table]
        except InvalidInput:
            expected = None
        assert repr(model.validator.texts(header, table)) == repr(expected)

    judge()
