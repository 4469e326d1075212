"""What a table happened to show doesn't refuse other rows: they are answered as scikit-learn does, with a warning."""

import io
import re

import numpy as np
import pandas as pd
import pytest
import yaml
from flask.testing import FlaskClient
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder

from app import create_app
from app.settings import Settings
from deploy.models import model_folder
from tests.csrf import token
from tests.models.project import Importer

CHANCE = np.random.default_rng(23)
ROWS = 200
HOMES = pd.DataFrame(
    {
        "rooms": CHANCE.integers(1, 9, ROWS),
        "area": CHANCE.uniform(18, 90, ROWS).round(1),
        "brand": CHANCE.choice(["alfa", "beta"], ROWS),
        "lift": CHANCE.integers(0, 2, ROWS),
        "remark": [f"Mrs Smith, {number}" for number in range(ROWS)],
    }
)
PRICES = HOMES.area * 3 + HOMES.rooms * 10 + 20 * (HOMES.brand == "beta") + 5 * HOMES.lift
FIELDS = ["rooms", "area", "brand", "lift"]
ROW = {"rooms": 4, "area": 50.0, "brand": "alfa", "lift": 1}


def fitted(unknown: str = "ignore") -> Pipeline:
    columns = make_column_transformer(
        (OneHotEncoder(handle_unknown=unknown), ["brand"]),
        (SimpleImputer(), ["rooms", "area", "lift"]),
    )
    return make_pipeline(columns, Ridge()).fit(HOMES[FIELDS], PRICES)


def client_of(add: Importer, name: str = "homes") -> FlaskClient:
    settings = Settings(app_bundles=add.bundles, app_default_model=name, secret_key="x" * 32)
    return create_app(settings).test_client()


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    return fitted()


@pytest.fixture(scope="module")
def homes(pipeline: Pipeline, tmp_path_factory: pytest.TempPathFactory) -> Importer:
    """A project whose only model is that pipeline."""
    project = Importer(tmp_path_factory.mktemp("homes"))
    table = project.table(HOMES[FIELDS].assign(price=PRICES).to_csv(index=False))
    project(project.file("homes.joblib", pipeline), data=table)
    return project


@pytest.fixture(scope="module")
def client(homes: Importer) -> FlaskClient:
    return client_of(homes)


def predicted(client: FlaskClient, row: object, status: int = 200) -> dict[str, object]:
    response = client.post("/api/v1/models/homes/predictions", json=row, headers={"Accept-Language": "en"})
    assert response.status_code == status, response.text
    return dict(response.json)


UNUSUAL = [
    ({"rooms": 3.5}, {"rooms": "is not a whole number: the model has seen no others"}),
    ({"area": 400}, {"area": r"is outside what the model has seen \([\d.]+ to [\d.]+\)"}),
    ({"rooms": None}, {"rooms": "is missing, which the model has never seen"}),
    ({"brand": "gamma"}, {"brand": "is none of the values that the model has seen"}),
    ({"lift": 2}, {"lift": "is neither yes nor no, which is all that the model has seen"}),
    (
        {"rooms": 12, "brand": "gamma"},
        {"rooms": r"is outside what the model has seen \(1.* to 8.*\)", "brand": "is none of the values .*"},
    ),
    ({"lift": True}, {}),
    ({"brand": " beta"}, {}),
]


@pytest.mark.parametrize(("changed", "warnings"), UNUSUAL)
def test_row_unlike_the_table_s_is_answered_with_a_warning(client, pipeline, changed, warnings):
    row = ROW | changed
    answer = predicted(client, row)["predictions"][0]
    frame = pd.DataFrame([{name: value.strip() if isinstance(value, str) else value for name, value in row.items()}])
    expected = pipeline.predict(frame.astype({"rooms": float, "lift": float}))[0]
    assert answer["value"] == pytest.approx(expected, rel=1e-9)
    sentences = {entry["field"]: entry["detail"] for entry in answer.get("warnings", [])}
    assert sentences.keys() == warnings.keys()
    assert all(re.fullmatch(pattern, sentences[name]) for name, pattern in warnings.items())


def test_every_way_in_warns(client):
    row = ROW | {"area": 400}
    with_warning = predicted(client, [ROW, row])["predictions"]
    assert ["warnings" in answer for answer in with_warning] == [False, True]
    addressed = client.get("/api/v1/models/homes/prediction", query_string=row, headers={"Accept-Language": "es"})
    assert "está fuera de" in addressed.json["prediction"]["warnings"][0]["detail"]
    assert (
        client.post("/api/v1/models/homes/predictions", json=row).json["predictions"][0] == addressed.json["prediction"]
    )
    form = client.get("/models/homes").text
    page = client.post(
        "/models/homes", data=row | {"lift": "true", "csrf_token": token(form)}, headers={"Accept-Language": "en"}
    )
    assert page.status_code == 200
    assert "Take this prediction with care" in page.text and "what the model has seen" in page.text


def test_contract_and_schema_tell_what_was_seen_from_what_is_demanded(homes, client):
    contract = yaml.safe_load((homes.models / "homes" / model_folder.CONTRACT).read_text())
    by_name = {field["name"]: field for field in contract["fields"]}
    assert by_name["brand"]["others"] and by_name["lift"] | {"kind": "yes_no", "others": True} == by_name["lift"]
    assert by_name["area"]["missing"] and by_name["area"]["seen"]["missing"] is False
    schema = client.get("/api/v1/openapi.json").json["components"]["schemas"]["HomesRow"]["properties"]["area"]
    assert "minimum" not in schema and "the model has seen" in schema["description"]


def test_protocols_warn_and_name_what_they_do_not_use_in_their_own_ways(client):
    row, headers = ROW | {"area": 400, "id": 7}, {"Accept-Language": "en"}
    for path, body in (("/invocations", {"dataframe_records": [ROW | {"id": 6}, row]}), ("/modelo", row)):
        answer = client.post(path, json=body, headers=headers).json
        assert answer["unused"] == ["id"], answer
        assert [(entry["row"], entry["field"]) for entry in answer["warnings"]] == [(int(path != "/modelo"), "area")]
    table = pd.DataFrame([row]).to_csv(index=False)
    answer = client.post("/invocations", data=table, content_type="text/csv", headers=headers).json
    assert answer["unused"] == ["id"] and "what the model has seen" in answer["warnings"][0]["detail"]
    tensors = [{"name": name, "shape": [1], "datatype": "BYTES", "data": [value]} for name, value in row.items()]
    parameters = client.post("/v2/models/homes/infer", json={"inputs": tensors}, headers=headers).json["parameters"]
    assert parameters["unused"] == "id" and parameters["warnings"].startswith(
        "0, area: is outside what the model has seen ("
    )
    usual = [tensor | {"data": [ROW[tensor["name"]]]} for tensor in tensors if tensor["name"] in ROW]
    assert "parameters" not in client.post("/v2/models/homes/infer", json={"inputs": usual}).json


def uploaded(client: FlaskClient, table: pd.DataFrame) -> pd.DataFrame:
    file = (io.BytesIO(table.to_csv(index=False).encode()), "homes.csv")
    form = {"table": file, "csrf_token": token(client.get("/models/homes").text)}
    response = client.post("/models/homes/table", data=form, headers={"Accept-Language": "en"})
    assert response.status_code == 200, response.text
    return pd.read_csv(io.BytesIO(response.data), keep_default_na=False)


def test_table_carries_warnings_and_names_once_what_it_does_not_use(client, pipeline):
    table = pd.DataFrame([ROW, ROW | {"area": 400, "brand": "gamma"}, ROW]).assign(id=[7, 8, 9])
    answer = uploaded(client, table)
    assert answer.prediction.astype(float).tolist() == pytest.approx(pipeline.predict(table[FIELDS]).tolist())
    assert answer.id.tolist() == [7, 8, 9]
    assert answer.warning[0] == "columns not used: id" and answer.warning[2] == ""
    assert re.fullmatch(r"area: is outside what .*; brand: is none of the values .*", answer.warning[1])
    assert answer.error.tolist() == [""] * 3


def test_held_out_rows_are_all_answered(client, pipeline):
    chance = np.random.default_rng(5)
    count = 600
    others = pd.DataFrame(
        {
            "rooms": chance.integers(0, 14, count).astype(float),
            "area": chance.normal(60, 40, count).round(1),
            "brand": chance.choice(["alfa", "beta", "gamma", ""], count, p=[0.4, 0.4, 0.1, 0.1]),
            "lift": chance.integers(0, 2, count),
        }
    )
    others.loc[::50, "rooms"] = np.nan
    answer = uploaded(client, others)
    expected = pipeline.predict(others.assign(brand=others.brand.replace("", np.nan)))
    assert answer.error.tolist() == [""] * count
    assert answer.prediction.astype(float).tolist() == pytest.approx(expected.tolist(), rel=1e-9)
    outside = (others.area < HOMES.area.min()) | (others.area > HOMES.area.max()) | ~others.brand.isin(["alfa", "beta"])
    outside |= others.rooms.isna() | ~others.rooms.between(1, 8)
    assert (answer.warning != "").tolist() == outside.tolist()


def test_what_the_model_cannot_take_is_refused(add):
    table = add.table(HOMES[FIELDS].assign(price=PRICES).to_csv(index=False))
    add(add.file("homes.joblib", fitted("error")), data=table)
    client = client_of(add)
    refused = predicted(client, ROW | {"brand": "gamma"}, 422)
    assert refused["detail"] == "brand: is not one of the choices: alfa, beta"


def test_unknown_names_are_ignored_where_no_field_is_absent_and_named(client):
    answer = predicted(client, [ROW | {"id": 7, "price": 1}, ROW | {"id": 8}])
    assert answer["unused"] == ["id", "price"]
    misspelt = {("romos" if name == "rooms" else name): value for name, value in ROW.items()}
    refused = predicted(client, misspelt, 422)
    assert refused["detail"] == "romos: is not a field of this model; the closest is “rooms”"
    assert "unused" not in predicted(client, ROW)
    for nested in ({"a": 1}, [1]):
        for body in (ROW | {"id": nested}, [ROW, ROW | {"id": nested}]):
            assert "id: is not a field of this model" in predicted(client, body, 422)["detail"]


def test_row_that_the_estimator_refuses_is_at_fault_and_spoils_no_other(add):
    scaled = make_pipeline(SimpleImputer(), Ridge()).fit(HOMES[["rooms", "area"]], PRICES)
    add(add.file("homes.joblib", scaled), data=add.table(HOMES[["rooms", "area"]].to_csv(index=False)))
    client = client_of(add)
    rows = [{"rooms": 3, "area": 40.0}] * 300
    rows[170] = {"rooms": 3, "area": 1.7e308}
    rows[171] = {"rooms": 3, "area": -1.7e308}
    refused = predicted(client, rows, 422)
    assert [error["pointer"] for error in refused["errors"]] == ["#/170", "#/171"]
    assert "can't be predicted: the model refuses a value" in refused["detail"]


TYPES = [
    ({"area": "40"}, "area: is a text: write 40, without quotes"),
    ({"area": "forty"}, "area: is not a number"),
    ({"area": True}, "area: is not a number"),
    ({"lift": "quizás"}, "lift: is not a number"),
    ({"lift": [1]}, "lift: is neither yes nor no"),
]


@pytest.mark.parametrize(("changed", "detail"), TYPES)
def test_value_of_another_type_gets_the_sentence_that_helps(client, changed, detail):
    assert predicted(client, ROW | changed, 422)["detail"] == detail


@pytest.mark.parametrize("value", [0, 1, 1.0, True, "sí", "Yes", "1.0", "false"])
def test_yes_and_no_are_read_as_people_and_programs_write_them(client, value):
    assert "warnings" not in predicted(client, ROW | {"lift": value})["predictions"][0]
