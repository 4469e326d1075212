"""A model is looked into whole: categories, texts, dicts and dropped columns are recognised through any nesting."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression, Ridge

from app import model
from deploy.base.errors import DeployError
from deploy.models import introspection, structure
from deploy.models.json_values import json_value
from deploy.models.table_source import TableSource
from tests.models.nestings import BUSY, MOOD, REMARKS, SALES, SHOPS, Nesting, encoded, nestings
from tests.models.one_reader import added

NAMES = (
    "pipeline", "grid", "target", "votes", "stack", "frozen", "random search", "calibrated",
    "calibrated, fitted before", "threshold", "tuned", "one against all", "stack of votes",
    "columns of columns", "columns after columns", "union", "bag", "array", "own categories", "texts",
    "texts, searched", "texts, cleaned", "texts, voted on", "texts, calibrated", "texts, two ways",
    "texts in a column", "dicts", "dicts, searched",
)  # fmt: skip


@pytest.fixture(scope="module")
def every() -> dict[str, Nesting]:
    return nestings()


def test_list_of_names_is_complete(every):
    assert {*every} == {*NAMES}


def expected(nesting: Nesting) -> list[Any]:
    """What scikit-learn answers."""
    table, only = nesting.table, structure.only_input(nesting.estimator)
    if only == "texts":
        rows: Any = table.iloc[:, 0].to_numpy(dtype=str)
    elif only == "dicts":
        rows = table.to_dict("records")
    else:
        rows = table if hasattr(nesting.estimator, "feature_names_in_") else table.to_numpy()
        if "size" in table and table.shape[1] == 2 and table.columns[0] == "zip":
            rows = table.astype({"zip": "category"})
    return [json_value(value) for value in np.asarray(nesting.estimator.predict(rows))]


@pytest.mark.parametrize("name", NAMES)
def test_nested_parts_are_recognised_and_answer_as_scikit_learn_does(every, name):
    nesting = every[name]
    answers = expected(nesting)
    columns = [*nesting.table.columns]
    categories = structure.known_categories(nesting.estimator, columns)
    assert categories == nesting.categories
    types = {type(value) for values in categories.values() for value in values}
    assert types == {type(value) for values in nesting.categories.values() for value in values}
    assert structure.text_columns(nesting.estimator, columns) == {*nesting.texts}
    data = nesting.table.assign(answer=answers).to_csv(index=False).encode()
    served = added(nesting.estimator, data, "answer")
    fields = {field.name: field for field in served.contract.fields}
    assert [*fields] == [column for column in columns if column not in nesting.dropped]
    assert {field.name for field in fields.values() if field.kind == "text"} == {*nesting.texts}
    rows = [{name: json_value(row[name]) for name in fields} for row in nesting.table.to_dict("records")]
    values = [answer.value for answer in served.predict([served.validator.typed(row) for row in rows])]
    assert values == pytest.approx(answers, rel=1e-9) if isinstance(answers[0], float) else values == answers


def described(estimator: Any, table: pd.DataFrame, tmp_path: Any, target: str = "") -> dict[str, Any]:
    file = tmp_path / "table.csv"
    table.to_csv(file, index=False)
    targets = [target] if target else []
    return introspection.describe("shops.joblib", estimator, TableSource(file, targets), targets, None, False)


def test_dropped_column_may_be_absent_and_is_not_asked_for(tmp_path):
    estimator = encoded(Ridge()).fit(SHOPS, SALES)
    whole = described(estimator, SHOPS.assign(sales=SALES), tmp_path)
    assert any("drops" in note and "note" in note for note in whole["notes"])
    without = described(estimator, SHOPS.drop(columns="note").assign(sales=SALES), tmp_path, "sales")
    assert [field["name"] for field in without["fields"]] == [field["name"] for field in whole["fields"]]
    assert without["answers"] == whole["answers"]


def test_index_that_was_trained_on_is_pointed_out(tmp_path):
    table = pd.DataFrame({"Unnamed: 0": range(60), "size": SHOPS["size"]})
    estimator = Ridge().fit(table, SALES)
    (note,) = described(estimator, table.assign(sales=SALES), tmp_path)["notes"]
    assert "row numbers by mistake" in note and note.endswith("Unnamed: 0")
    assert described(Ridge().fit(SHOPS[["size"]], SALES), SHOPS[["size"]], tmp_path)["notes"] == []
    with pytest.raises(DeployError, match="lacks what the model was trained on: Unnamed: 0") as refused:
        described(estimator, table[["size"]].assign(sales=SALES), tmp_path)
    assert "index_col=0" in refused.value.advice


def test_text_is_found_among_other_columns_or_asked_for(every, tmp_path):
    estimator = every["texts, searched"].estimator
    table = REMARKS.assign(id=range(60), mood=MOOD)
    assert [field["name"] for field in described(estimator, table, tmp_path)["fields"]] == ["remark"]
    with pytest.raises(DeployError, match="takes one text, and the table has several: remark, other"):
        described(estimator, table.assign(other=REMARKS["remark"].str.upper()), tmp_path, "mood")
    (field,) = introspection.describe("texts.joblib", estimator, None, [], None, False)["fields"]
    assert field["kind"] == "text"


FAILING = {
    "texts for numbers": (SHOPS[["zip", "size"]].assign(zip="red"), "column zip has the text 'red', where the model"),
    "nothing": (SHOPS[["zip", "size"]].assign(zip=[1, 1, None, *[1] * 57]), "column zip is empty in row 3 of the data"),
}


@pytest.mark.parametrize("case", FAILING)
def test_row_that_fails_is_named_with_its_column(case, tmp_path):
    table, words = FAILING[case]
    estimator = LogisticRegression().fit(SHOPS[["zip", "size"]].astype(float), BUSY)
    with pytest.raises(DeployError, match=words):
        described(estimator, table, tmp_path)


def test_category_that_no_encoder_knows_is_named(tmp_path):
    estimator = encoded(Ridge()).fit(SHOPS, SALES)
    with pytest.raises(DeployError, match="column zip has 99999, which its encoder has never seen"):
        described(estimator, SHOPS.assign(zip=["99999", *SHOPS["zip"][1:]]), tmp_path)


def test_texts_and_dicts_are_served(add, every):
    for name in ("texts, searched", "dicts"):
        nesting = every[name]
        file = add.file(f"{name[:5]}.joblib", nesting.estimator)
        add(file, data=add.table(nesting.table.assign(answer=expected(nesting)).to_csv(index=False)), target="answer")
        served = model.load(add.bundles / name[:5])
        rows = [{key: json_value(value) for key, value in row.items()} for row in nesting.table.to_dict("records")]
        values = [answer.value for answer in served.predict([served.validator.typed(row) for row in rows])]
        assert values == expected(nesting)
