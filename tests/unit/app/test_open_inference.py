"""The Open Inference Protocol: its own document, and rows in a single tensor, as MLServer's clients send them."""

import struct
from typing import Any

import jsonschema
import numpy as np
import pytest
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

from tests.served import served
from tests.unit.app.test_protocols import LABELS, VALUES, binary, post_binary, tensors

INFER = "/v2/models/exam/infer"
FLAT = [6, 8, 1, 4.5]

TENSOR = {
    "type": "object",
    "required": ["name", "shape", "datatype"],
    "properties": {
        "name": {"type": "string"},
        "shape": {"type": "array", "items": {"type": "integer"}},
        "datatype": {"type": "string"},
    },
}
"""Of the protocol's OpenAPI file (KServe, open_inference_rest.yaml), what this server's responses must be."""

WITH_DATA = TENSOR | {
    "required": [*TENSOR["required"], "data"],
    "properties": TENSOR["properties"]
    | {"data": {"type": "array", "items": {"type": ["number", "string", "boolean"]}}},
}
METADATA = {
    "type": "object",
    "required": ["name", "platform"],
    "properties": {
        "name": {"type": "string"},
        "platform": {"type": "string"},
        "versions": {"type": "array", "items": {"type": "string"}},
        "inputs": {"type": "array", "items": TENSOR},
        "outputs": {"type": "array", "items": TENSOR},
    },
}
SERVER = {
    "type": "object",
    "required": ["name", "version", "extensions"],
    "properties": {
        "name": {"type": "string"},
        "version": {"type": "string"},
        "extensions": {"type": "array", "items": {"type": "string"}},
    },
}
ANSWER = {
    "type": "object",
    "required": ["model_name", "outputs"],
    "properties": {
        "model_name": {"type": "string"},
        "model_version": {"type": "string"},
        "id": {"type": "string"},
        "outputs": {"type": "array", "items": WITH_DATA},
    },
}


def table(shape: list[Any], data: Any, datatype: str = "FP64", name: str = "predict") -> dict[str, Any]:
    return {"name": name, "shape": shape, "datatype": datatype, "data": data}


@pytest.mark.parametrize("name", ["exam", "titanic", "every_kind", "diabetes"])
def test_responses_are_as_the_protocol_s_document_says(client, app, name):
    for address in ("/v2", "/v2/"):
        assert client.get(address).status_code == 200
        jsonschema.validate(client.get(address).json, SERVER)
    jsonschema.validate(client.get(f"/v2/models/{name}").json, METADATA)
    fields = app.extensions["models"][name].contract.fields
    inputs = [table([1], [field.example], field.tensor_type, field.name) for field in fields]
    response = client.post(f"/v2/models/{name}/infer", json={"id": "7", "inputs": inputs})
    assert response.status_code == 200, response.text
    jsonschema.validate(response.json, ANSWER)


@pytest.mark.parametrize("name", ["predict", "input-0"])
@pytest.mark.parametrize("datatype", ["FP64", "FP32", "INT64", "UINT8"])
@pytest.mark.parametrize("data", [VALUES, FLAT])
def test_rows_come_in_one_tensor(client, name, datatype, data):
    parameters = {"parameters": {"content_type": "np"}}
    body = {"inputs": [table([2, 2], data, datatype, name) | parameters], **parameters}
    response = client.post(INFER, json=body)
    assert (response.status_code, response.json["outputs"][0]["data"]) == (200, LABELS), response.text


@pytest.mark.parametrize(("datatype", "kind"), [("FP64", "<f8"), ("FP32", "<f4"), ("INT16", "<i2")])
def test_rows_come_in_one_binary_tensor(client, datatype, kind):
    data = np.array([[6, 8], [1, 4]], kind).tobytes()
    head = binary("predict", datatype, data, 2) | {"shape": [2, 2]}
    assert post_binary(client, {"inputs": [head]}, data).json["outputs"][0]["data"] == LABELS
    head["shape"] = [3, 2]
    assert post_binary(client, {"inputs": [head]}, data).status_code == 400


def test_texts_come_in_one_tensor(client):
    row = ["first", "female", "adult"]
    for data in (row, [row]):
        response = client.post("/v2/models/titanic/infer", json={"inputs": [table([1, 3], data, "BYTES")]})
        assert response.json["outputs"][0]["data"] == ["survived"]


@pytest.mark.parametrize("shape", [[2], [2, 1]])
def test_texts_for_a_model_of_one_text(opinion, shape):
    texts = ["muy bueno", "horrible"]
    client, address = opinion.test_client(), "/v2/models/opinion/infer"
    for data in (texts, [[text] for text in texts]):
        response = client.post(address, json={"inputs": [table(shape, data, "BYTES", "input-0")]})
        assert response.json["outputs"][0]["data"] == ["good", "bad"]
    data = b"".join(struct.pack("<I", len(text)) + text.encode() for text in texts)
    head = client.application.json.dumps({"inputs": [binary("input-0", "BYTES", data, 2) | {"shape": shape}]}).encode()
    headers = {"Inference-Header-Content-Length": str(len(head))}
    assert client.post(address, data=head + data, headers=headers).json["outputs"][0]["data"] == ["good", "bad"]


SHAPE = "The shape of the tensor “predict” must be [rows, 2], a value for each field."
DATA = "The data of the tensor “predict” must be 2 rows of 2 values, as its shape says."
TYPE = "No tensor of type {} can hold all the fields of this model: send one tensor per field."


@pytest.mark.parametrize(
    ("tensor", "sentence"),
    [
        (table([2, 3], FLAT), SHAPE),
        (table([2.0, 2], FLAT), SHAPE),
        (table([2, 2.0], FLAT), SHAPE),
        (table([-2, 2], FLAT), SHAPE),
        (table([2, "2"], FLAT), SHAPE),
        (table([2, 2], FLAT[:3]), DATA),
        (table([2, 2], [[6, 8], [1]]), DATA),
        (table([0, 2], []), "The request has no rows."),
        (table([2, 2], 6), "A tensor's data must be an array."),
        (table([1, 2], [[True, 8]], "BOOL"), TYPE.format("BOOL")),
        (table([1, 2], ["6", "8"], "BYTES"), TYPE.format("BYTES")),
    ],
)
def test_tensor_of_rows_that_is_refused(client, tensor, sentence):
    response = client.post(INFER, json={"inputs": [tensor]}, headers={"Accept-Language": "en"})
    assert (response.status_code, response.json["error"]) == (422, sentence)


def test_tensor_of_rows_that_are_too_many(client):
    assert client.post(INFER, json={"inputs": [table([10**9, 2], FLAT)]}).status_code == 413


def test_fields_of_several_types_need_a_tensor_each(client):
    tensor = table([1, 8], [170.5, 2, 1, 10, 0, 1, 0, 0])
    response = client.post("/v2/models/every_kind/infer", json={"inputs": [tensor]}, headers={"Accept-Language": "en"})
    assert (response.status_code, response.json["error"].rpartition(": ")[2]) == (422, "send one tensor per field.")


def test_single_tensor_of_a_field_is_not_taken_for_rows(client):
    response = client.post(INFER, json={"inputs": [table([1, 2], [6, 8], name="estudio")]})
    assert response.status_code == 422
    response = client.post(INFER, json={"inputs": tensors(estudios=[6])}, headers={"Accept-Language": "en"})
    assert "the closest is “estudio”" in response.json["error"]


def test_triton_s_client_sends_rows_in_one_tensor_and_reads_the_error(bundles):
    with served(bundles, GUNICORN_WORKERS="1") as server:
        client = triton.InferenceServerClient(server.address)
        for kind in (True, False):
            tensor = triton.InferInput("predict", [2, 2], "FP32")
            tensor.set_data_from_numpy(np.array(VALUES, np.float32), binary_data=kind)
            answers = client.infer("exam", [tensor]).as_numpy("predict").tolist()
            assert [answer.decode() if isinstance(answer, bytes) else answer for answer in answers] == LABELS
        tensor.set_data_from_numpy(np.array([[6, 8], [25, 8]], np.float32))
        with pytest.raises(InferenceServerException, match="row 1, estudio: is out of range: from 0 to 24"):
            client.infer("exam", [tensor], headers={"Accept-Language": "en"})
        client.close()
