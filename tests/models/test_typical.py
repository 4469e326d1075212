"""``model add`` makes examples of what is usual: named by their answers, of no single person, without free text."""

import numpy as np
import pandas as pd
import pytest
import yaml
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeClassifier

from app import create_app
from app.settings import Settings
from deploy.base.errors import DeployError
from deploy.models import builder

CHANCE = np.random.default_rng(3)
ROWS = 400


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    people = pd.DataFrame({
        "age": CHANCE.integers(18, 80, ROWS), "city": CHANCE.choice(["Soria", "Lugo", "Ávila"], ROWS),
        "income": CHANCE.normal(30, 9, ROWS).round(2), "remark": [f"remark of person {row}" for row in range(ROWS)],
    })  # fmt: skip
    people["grade"] = np.select([people["age"] > 60, people["age"] > 35], ["late", "middle"], "early")
    people.loc[3, ["age", "grade"]] = [99, "once"]
    return people


def added(add, table: pd.DataFrame, target: str, model):
    parts = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), ["city"]), ("passthrough", ["age", "income"])
    )
    rows = table[["age", "city", "income"]]
    file = add.file("people.joblib", make_pipeline(parts, model).fit(rows, table[target]))
    data = add.table(table[["age", "city", "income", target]].to_csv(index=False))
    folder = add(file, data=data, target=target)
    return folder, yaml.safe_load((folder / "model.yaml").read_text())


def test_each_label_has_a_typical_row_that_gets_it(add, table):
    folder, contract = added(add, table, "grade", DecisionTreeClassifier(random_state=0))
    examples = {example["answer"]: example["values"] for example in contract["examples"]}
    assert examples.keys() == {"late", "middle", "early"}, "one row says nothing, and would be somebody's"
    assert examples["early"]["age"] < 36 <= examples["middle"]["age"] < 61 <= examples["late"]["age"]
    rows = {tuple(row) for row in table[["age", "city", "income"]].astype(object).to_numpy().tolist()}
    assert not any((values["age"], values["city"], values["income"]) in rows for values in examples.values())
    client = create_app(
        Settings(app_bundles=add.bundles, app_default_model="people", secret_key="x" * 32)
    ).test_client()
    for answer, values in examples.items():
        reply = client.post("/api/v1/models/people/predictions", json=values).json
        assert reply["predictions"][0]["value"] == answer
    page = client.get("/models/people", headers={"Accept-Language": "en"}).text
    assert page.count("Typical of “") == 3

    text = (folder / "model.yaml").read_text().replace("- answer: late", "- answer: early", 1)
    (folder / "model.yaml").write_text(text)
    with pytest.raises(DeployError, match=r"examples: the model answers 'late' to this one, not 'early'"):
        builder.build(folder, add.bundles)


def test_numbers_have_a_low_a_middle_and_a_high_one(add, table):
    prices = table.assign(price=table["age"] * 2.5 + np.random.default_rng(4).normal(size=ROWS))
    _, contract = added(add, prices, "price", RandomForestRegressor(10, random_state=0))
    assert [example["label"]["en"] for example in contract["examples"]] == ["Low value", "Middle value", "High value"]
    low, middle, high = (example["values"]["age"] for example in contract["examples"])
    assert low < middle < high


def test_free_text_is_nobody_s(add, table):
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = table.assign(y=["good" if row % 2 else "bad" for row in range(ROWS)])
    texts["remark"] = [f"{text} {label}" for text, label in zip(texts["remark"], texts["y"], strict=True)]
    file = add.file(
        "text.joblib", make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(texts["remark"], texts["y"])
    )
    folder = add(file, data=add.table(texts[["remark", "y"]].to_csv(index=False)), target="y")
    text = (folder / "model.yaml").read_text()
    assert "person" not in text and "examples" not in text
