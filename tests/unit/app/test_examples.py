"""Named examples fill the form with one click, are called by what they answer, and must answer it."""

import copy

import pytest
import yaml
from pydantic import ValidationError

from app.contract import Contract
from app.examples import example_row, examples_of
from deploy.base.errors import DeployError
from deploy.base.paths import MODELS
from deploy.models.example_rows import example_rows

TITANIC = yaml.safe_load((MODELS / "titanic" / "model.yaml").read_text())


@pytest.mark.parametrize(
    ("language", "labels"),
    [("en", ["Typical case", "Typical of “You would have died”", "Typical of “You would have survived”"]),
     ("es", ["Caso típico", "Típico de «Habrías muerto»", "Típico de «Habrías sobrevivido»"])],
)  # fmt: skip
def test_form_offers_examples_by_their_answers(client, language, labels):
    page = client.get("/models/titanic", headers={"Accept-Language": language}).text
    for number, label in enumerate(labels, 1):
        assert f'href="/models/titanic?example={number}">{label}</a>' in page
    assert "?example=4" not in page


@pytest.mark.parametrize(("number", "sex"), [("1", "female"), ("2", "male"), ("3", "female"), ("9" * 5000, "female")])
def test_click_fills_the_form(client, number, sex):
    page = client.get(f"/models/titanic?example={number}").text
    assert f'selected value="{sex}"' in page


def test_only_its_own_example_is_a_button_beside_predict(client):
    page = client.get("/models/diabetes", headers={"Accept-Language": "en"}).text
    assert 'href="/models/diabetes?example=1">Example</a>' in page and 'id="examples"' not in page


def test_what_an_example_leaves_out_stays_empty(app):
    contract = Contract.model_validate(TITANIC | {"examples": [{"label": "A child", "values": {"age": "child"}}]})
    with app.test_request_context(headers={"Accept-Language": "en"}):
        assert [example.label for example in examples_of(contract)] == ["Typical case", "A child"]
    assert example_row(contract, "2") == [None, None, "child"]


BAD = {
    "no field": ({"label": "x", "values": {"deck": "A"}}, "examples.0: there is no field deck"),
    "no name": ({"values": {"age": "child"}}, "an example needs a label, or the answer that it is called by"),
    "no label": ({"answer": "lost", "values": {}}, "answer 'lost' is not one of the labels"),
}  # fmt: skip


@pytest.mark.parametrize("kind", BAD)
def test_example_that_contradicts_the_contract_is_refused(kind):
    example, message = BAD[kind]
    with pytest.raises(ValidationError, match=message):
        Contract.model_validate(TITANIC | {"examples": [example]})


def test_names_of_the_fields_are_collected_once(monkeypatch):
    """Not for each value of each example: that takes minutes where there are thousands."""
    monkeypatch.setattr(Contract, "example", property(lambda _: pytest.fail("another dictionary of all fields")))
    Contract.model_validate(TITANIC)


def test_value_that_the_form_would_refuse_is_named(tmp_path):
    document = copy.deepcopy(TITANIC)
    document["examples"][0]["values"] = {"class": "fourth", "sex": "male", "age": "adult"}
    file = tmp_path / "model.yaml"
    file.write_text(yaml.safe_dump(document))
    with pytest.raises(DeployError, match="examples: class is not one of the choices"):
        example_rows(file, Contract.model_validate(document))
