"""The limits of a body: the most rows that are allowed stay within them, however they are written."""

import json
from pathlib import Path

import pytest
from flask import Flask

from app import create_app
from app.limits import has_too_many_values, limits_of
from app.settings import Settings


@pytest.fixture(scope="module")
def default_app(bundles: Path) -> Flask:
    """The application with the limits that it has by default."""
    return create_app(Settings(app_bundles=bundles, secret_key="x" * 32))


def test_signs_in_texts_do_not_count_as_values(app):
    contract = app.extensions["models"]["exam"].contract
    limits = limits_of(contract, 1, 1 << 20)
    most = limits.signs[0]
    assert has_too_many_values(b"[" + b"," * (most + 1), limits)
    for text in (b"," * most * 2, b'\\",' * most, b"\\\\", b'\\\\\\",' * most, b"[{" * most * 200):
        assert not has_too_many_values(b'{"a":"' + text + b'","b":[1,2]}', limits)
    assert has_too_many_values(b'["\\\\",' + b"1," * (most + 1) + b'"a"]', limits)


@pytest.mark.parametrize("name", ["diabetes", "exam", "titanic", "every_kind"])
@pytest.mark.parametrize("layout", [{"indent": 8}, {"ensure_ascii": False, "separators": (",", ":")}, {}])
def test_maximum_of_rows_is_accepted_however_they_are_written(default_app, name, layout):
    client, example = default_app.test_client(), default_app.extensions["models"][name].contract.example
    rows = [example] * default_app.config["MAX_ROWS"]
    values = [[*example.values()]] * len(rows)
    tensors = [
        {"name": field, "shape": [len(rows), 1], "datatype": "BYTES", "data": [[value]] * len(rows)}
        for field, value in example.items()
    ]
    for path, body in {
        f"/api/v1/models/{name}/predictions": rows,
        f"/models/{name}/invocations": {"dataframe_split": {"columns": [*example], "data": values}},
        f"/v2/models/{name}/infer": {"inputs": tensors},
    }.items():
        data = json.dumps(body, **layout).encode()
        response = client.post(path, data=data, content_type="application/json")
        assert response.status_code == 200, (path, len(data), response.text[:300])


@pytest.mark.parametrize("name", ["diabetes", "every_kind"])
def test_longest_rows_stay_within_the_limit(default_app, name):
    """Every character of a text escaped, every number at its longest, spaces around all."""
    example = dict(default_app.extensions["models"][name].contract.example)
    if name == "every_kind":
        example |= {"nota": "😀" * 40, "libre": -1.2345678901234567e-300}
    data = json.dumps([example] * 10_000, indent=4).encode()
    limits = limits_of(default_app.extensions["models"][name].contract, 10_000, 1 << 40)
    assert len(data) <= limits.bytes
    assert not has_too_many_values(data, limits)


def test_model_with_more_fields_than_the_maximum_of_columns_is_refused_at_the_start(bundles):
    with pytest.raises(Exception, match="APP_MAX_COLUMNS: diabetes has 9 fields"):
        create_app(Settings(app_bundles=bundles, app_max_columns=5, app_default_model="exam"))
