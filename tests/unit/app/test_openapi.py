"""The API's document, and the page that shows it."""

import json
import re
from typing import Any

import jsonschema
import pytest
from flask.testing import FlaskClient


@pytest.fixture
def document(client: FlaskClient) -> dict[str, Any]:
    return client.get("/api/v1/openapi.json").json


def test_document_is_openapi_3_1_and_names_every_route(document, app):
    assert document["openapi"] == "3.1.0"
    for name in app.extensions["models"]:
        assert f"/api/v1/models/{name}/predictions" in document["paths"]


def test_every_example_in_the_document_works(document, client):
    requests = 0
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for example in body_examples(operation) or [None]:
                values = {parameter["name"]: parameter["example"] for parameter in operation.get("parameters", [])}
                response = client.open(path, method=method.upper(), json=example, query_string=values)
                assert response.status_code == 200, (path, example, response.json)
                requests += 1
    assert requests >= 4 * 4


def body_examples(operation: dict[str, Any]) -> list[Any]:
    content = operation.get("requestBody", {}).get("content", {})
    return [example["value"] for media in content.values() for example in media["examples"].values()]


def test_schemas_come_from_the_contracts(document):
    row = document["components"]["schemas"]["ExamRow"]
    assert (row["properties"]["estudio"]["minimum"], row["properties"]["estudio"]["maximum"]) == (0, 24)
    assert row["required"] == ["estudio", "sueno"]
    kinds = document["components"]["schemas"]["EveryKindRow"]
    assert kinds["required"] == ["altura (cm)", "nota"]
    assert kinds["properties"]["plan"]["enum"] == [10, 20, None]
    assert kinds["properties"]["sí/no"]["type"] == ["boolean", "null"]
    assert kinds["properties"]["niños"]["default"] == 0
    assert document["components"]["schemas"]["TitanicPrediction"]["properties"]["value"]["enum"] == ["survived", "died"]


def test_page_of_the_document_is_served_from_here(client):
    page = client.get("/api/docs").text
    assert 'data-document="/api/v1/openapi.json"' in page
    assert all(re.match(r"/(?!/)|#", source) for source in re.findall(r'(?:src|href)="([^"]*)"', page))


def operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for item in document["paths"].values() for operation in item.values()]


def test_examples_are_what_their_schemas_say(document):
    pairs = []
    for operation in operations(document):
        pairs += [(parameter["schema"], parameter["example"]) for parameter in operation.get("parameters", [])]
        content = operation.get("requestBody", {}).get("content", {})
        pairs += [(media["schema"], item["value"]) for media in content.values() for item in media["examples"].values()]
    assert {type(example) for _, example in pairs} >= {int, float, str, bool, dict, list}
    for schema, example in pairs:
        jsonschema.Draft202012Validator(document | schema).validate(example)  # its references point into the document


def test_document_is_clean_by_redocly_s_rules(document):
    """`test_redocly_has_nothing_to_say` asks Redocly itself."""
    assert document["info"]["license"]["name"]
    assert document["servers"]
    assert document["security"] == [], "anybody may ask"
    names = [operation["operationId"] for operation in operations(document)]
    assert len(names) == len(set(names))
    for operation in operations(document):
        assert operation["summary"]
        assert {status[0] for status in operation["responses"]} >= {"2", "4"}, operation["operationId"]


def test_every_component_is_used(document):
    text = json.dumps(document)
    for kind, components in document["components"].items():
        assert [name for name in components if f'"#/components/{kind}/{name}"' not in text] == []
