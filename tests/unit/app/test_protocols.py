"""The protocols that clients of other model servers speak; tests/site tests a host with the real clients."""

import struct
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

ROWS = [{"estudio": 6, "sueno": 8}, {"estudio": 1, "sueno": 4.5}]
LABELS = ["Aprobado", "Suspendido"]
VALUES = [[6, 8], [1, 4.5]]
INFER = "/v2/models/exam/infer"


@pytest.mark.parametrize(
    "body",
    [
        {"dataframe_split": {"columns": ["sueno", "estudio"], "data": [[8, 6], [4.5, 1]]}},
        {"dataframe_split": {"index": [7, 9], "columns": ["estudio", "sueno"], "data": VALUES}},
        {"dataframe_split": {"data": VALUES}},
        {"dataframe_records": ROWS},
        {"instances": ROWS},
        {"instances": VALUES},
        {"inputs": {"estudio": [6, 1], "sueno": [8, 4.5]}},
        {"inputs": VALUES},
        {"inputs": ROWS, "params": {"x": 1}},
    ],
)
def test_every_format_of_mlflow(client, body):
    for path in ("/invocations", "/models/exam/invocations"):
        response = client.post(path, json=body)
        assert (response.status_code, response.json) == (200, {"predictions": LABELS})


@pytest.mark.parametrize("kind", ["text/csv", "text/csv; charset=utf-8"])
def test_mlflow_s_csv(client, kind):
    response = client.post("/invocations", data="estudio,sueno\n6,8\n1,4.5\n", content_type=kind)
    assert response.json == {"predictions": LABELS}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"rows": VALUES}, 422),
        ({"inputs": VALUES, "instances": VALUES}, 422),
        ({"inputs": VALUES, "extra": 1}, 422),
        ({"inputs": 1}, 422),
        ({"inputs": []}, 422),
        ({"inputs": {}}, 422),
        ({"inputs": {"estudio": [1], "sueno": []}}, 422),
        ({"inputs": {"estudio": 1, "sueno": 2}}, 422),
        ({"instances": [[1]]}, 422),
        ({"instances": [6, 8]}, 422),
        ({"instances": [{"estudio": 6}]}, 422),
        ({"dataframe_split": []}, 422),
        ({"dataframe_split": {"columns": ["estudio", "estudio"], "data": VALUES}}, 422),
        ({"dataframe_split": {"columns": "ab", "data": VALUES}}, 422),
        ({"dataframe_split": {"columns": [1, 2], "data": VALUES}}, 422),
        ({"dataframe_split": {"columns": ["estudio"], "data": VALUES}}, 422),
        ({"dataframe_records": {"estudio": {"0": 6}}}, 422),
        ({"instances": VALUES * 51}, 413),
    ],
)
def test_what_mlflow_s_formats_refuse(client, body, status):
    response = client.post("/invocations", json=body)
    assert response.status_code == status
    assert response.json["error_code"] == "BAD_REQUEST" and response.json["message"]


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ("estudio,sueno\n", 422),
        ("a,b\n1,2\n", 422),
        ("", 422),
        ("estudio,sueno\n6,25\n", 422),
        ("estudio,sueno\n6\n", 422),
        ("estudio,sueno\n" + "6,8\n" * 101, 413),
        (b"\xff", 422),
    ],
)
def test_what_mlflow_s_csv_refuses(client, data, status):
    assert client.post("/invocations", data=data, content_type="text/csv").status_code == status


def test_errors_name_the_row_in_the_format_that_was_sent(client):
    english = {"Accept-Language": "en"}
    response = client.post("/invocations", json={"instances": [[6, 8], [25, 8]]}, headers=english)
    assert response.json["message"] == "row 1, estudio: is out of range: from 0 to 24"
    table = client.post("/invocations", data="estudio,sueno\n6,8\n25,8\n", content_type="text/csv", headers=english)
    assert table.json["message"] == "line 3, estudio: is out of range: from 0 to 24"
    response = client.post(INFER, json={"inputs": tensors(estudio=[6, 25], sueno=[8, 8])}, headers=english)
    assert response.json["error"] == "row 1, estudio: is out of range: from 0 to 24"


def test_ping_and_version(client):
    for path in ("", "/models/titanic"):
        assert client.get(f"{path}/ping").status_code == 200
        assert client.get(f"{path}/version").text == "development"
    assert client.get("/models/nowhere/ping").status_code == 404


def test_other_models_have_invocations_of_their_own(client):
    row = {"class": "first", "sex": "female", "age": "adult"}
    assert client.post("/models/titanic/invocations", json={"inputs": [row]}).json == {"predictions": ["survived"]}
    assert client.post("/models/nowhere/invocations", json={"inputs": [row]}).status_code == 404


def test_plain_values_are_the_rows_of_a_model_of_one_text(opinion):
    for key in ("instances", "inputs"):
        response = opinion.test_client().post("/invocations", json={key: ["muy bueno", "horrible"]})
        assert (response.status_code, response.json) == (200, {"predictions": ["good", "bad"]}), key
    assert opinion.test_client().post("/invocations", json={"instances": ["bueno", 1]}).status_code == 422


# The Open Inference Protocol


def tensors(**values: list[Any]) -> list[dict[str, Any]]:
    return [{"name": name, "shape": [len(data)], "datatype": "FP64", "data": data} for name, data in values.items()]


def test_metadata_of_server_and_models(client, app):
    assert client.get("/v2").json["extensions"] == ["binary_tensor_data"]
    assert client.get("/v2/health/live").status_code == client.get("/v2/health/ready").status_code == 200
    version = app.extensions["models"]["every_kind"].version
    for path in ("/v2/models/every_kind", f"/v2/models/every_kind/versions/{version}"):
        metadata = client.get(path).json
        assert (metadata["name"], metadata["versions"], metadata["platform"]) == ("every_kind", [version], "sklearn")
        datatypes = " ".join(tensor["datatype"] for tensor in metadata["inputs"])
        assert datatypes == "FP64 INT64 BOOL INT64 BYTES FP64 BYTES BYTES"
        assert metadata["outputs"] == [
            {"name": "predict", "datatype": "INT64", "shape": [-1]},
            {"name": "predict_proba", "datatype": "FP64", "shape": [-1, 2]},
        ]
        assert client.get(f"{path}/ready").status_code == 200
    assert client.get("/v2/models/every_kind/versions/0").status_code == 404
    assert client.get("/v2/models/nowhere").json["error"]


def test_inference(client):
    response = client.post(INFER, json={"id": "a1", "inputs": tensors(estudio=[6, 1], sueno=[8, 4.5])}).json
    assert (response["id"], response["model_name"]) == ("a1", "exam")
    predict, probabilities = response["outputs"]
    assert predict == {"name": "predict", "datatype": "BYTES", "shape": [2], "data": LABELS}
    assert (probabilities["shape"], len(probabilities["data"])) == ([2, 2], 4)


def test_inference_of_the_requested_outputs(client):
    body = {"inputs": tensors(estudio=[6], sueno=[8]), "outputs": [{"name": "predict"}]}
    assert [tensor["name"] for tensor in client.post(INFER, json=body).json["outputs"]] == ["predict"]
    body["outputs"] = [{"name": "nothing"}]
    assert client.post(INFER, json=body).status_code == 422


@pytest.mark.parametrize("shape", [[2], [2, 1]])
@pytest.mark.parametrize("data", [[6, 1], [[6], [1]]])
def test_tensors_may_have_a_column_of_shape(client, shape, data):
    inputs = tensors(estudio=[6, 1], sueno=[8, 4.5])
    inputs[0] |= {"shape": shape, "data": data}
    assert client.post(INFER, json={"inputs": inputs}).json["outputs"][0]["data"] == LABELS


def binary(name: str, datatype: str, data: bytes, count: int) -> dict[str, Any]:
    return {"name": name, "shape": [count], "datatype": datatype, "parameters": {"binary_data_size": len(data)}}


def post_binary(client: FlaskClient, body: dict[str, Any], binary_data: bytes) -> TestResponse:
    head = client.application.json.dumps(body).encode()
    headers = {"Inference-Header-Content-Length": str(len(head))}
    return client.post(INFER, data=head + binary_data, headers=headers, content_type="application/octet-stream")


@pytest.mark.parametrize(("datatype", "kind"), [("FP64", "<f8"), ("FP32", "<f4"), ("INT32", "<i4"), ("UINT8", "u1")])
def test_tensors_as_bytes(client, datatype, kind):
    first, second = np.array([6, 1], kind).tobytes(), np.array([8, 4], kind).tobytes()
    body = {"inputs": [binary("estudio", datatype, first, 2), binary("sueno", datatype, second, 2)]}
    assert post_binary(client, body, first + second).json["outputs"][0]["data"] == LABELS


def test_texts_as_bytes(client):
    def strings(*texts):
        return b"".join(struct.pack("<I", len(text.encode())) + text.encode() for text in texts)

    parts = {"class": strings("first"), "sex": strings("female"), "age": strings("adult")}
    body = {"inputs": [binary(name, "BYTES", data, 1) for name, data in parts.items()]}
    head = client.application.json.dumps(body).encode()
    headers = {"Inference-Header-Content-Length": str(len(head))}
    response = client.post("/v2/models/titanic/infer", data=head + b"".join(parts.values()), headers=headers)
    assert response.json["outputs"][0]["data"] == ["survived"]


TWO = {"estudio": [6.0], "sueno": [8.0]}


@pytest.mark.parametrize(
    ("inputs", "status"),
    [
        ([], 422),
        ({}, 422),
        ([1], 422),
        ([{"name": "estudio"}], 422),
        (tensors(estudio=[6]), 422),
        (tensors(estudio=[6], sueno=[8, 9]), 422),
        (tensors(estudio=[], sueno=[]), 422),
        (tensors(estudio=[25], sueno=[8]), 422),
        (tensors(estudio=[6], more=[1]), 422),
        (tensors(**TWO) + tensors(estudio=[6]), 422),
        ([tensor | {"datatype": "FP128"} for tensor in tensors(**TWO)], 422),
        ([tensor | {"datatype": []} for tensor in tensors(**TWO)], 422),
        ([tensor | {"shape": [2]} for tensor in tensors(**TWO)], 422),
        ([tensor | {"shape": [True]} for tensor in tensors(**TWO)], 200),
        ([tensor | {"data": 6} for tensor in tensors(**TWO)], 422),
        ([tensor | {"parameters": 6} for tensor in tensors(**TWO)], 422),
        (tensors(estudio=[6] * 101, sueno=[8] * 101), 413),
    ],
)
def test_what_inference_refuses(client, inputs, status):
    response = client.post(INFER, json={"inputs": inputs})
    assert response.status_code == status
    assert status == 200 or response.json["error"]


@pytest.mark.parametrize(
    ("header", "status"),
    [("x", 400), ("-1", 400), ("99999", 400), ("²", 400), ("0", 400), ("1", 400)],
)
def test_invalid_length_is_refused(client, header, status):
    data = b'{"inputs": []}'
    response = client.post(INFER, data=data, headers={"Inference-Header-Content-Length": header})
    assert response.status_code == status


@pytest.mark.parametrize(
    ("size", "binary_data", "status"),
    [(16, b"x" * 8, 400), (7, b"x" * 7, 400), (-1, b"", 422), (True, b"x", 422), ("8", b"x", 422)],
)
def test_bytes_that_do_not_match_their_tensor(client, size, binary_data, status):
    first = {"name": "estudio", "shape": [1], "datatype": "FP64", "parameters": {"binary_data_size": size}}
    assert post_binary(client, {"inputs": [first]}, binary_data).status_code == status


def test_bytes_left_over_are_refused(client):
    data = np.array([6.0]).tobytes()
    body = {"inputs": [binary("estudio", "FP64", data, 1), binary("sueno", "FP64", data, 1)]}
    assert post_binary(client, body, data * 2).status_code == 200
    assert post_binary(client, body, data * 3).status_code == 400
