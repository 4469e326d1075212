"""Models that answer several things at once are served by every way in, as scikit-learn answers."""

import csv
import io
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from flask.testing import FlaskClient
from sklearn.ensemble import RandomForestRegressor, StackingClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import LabelEncoder
from sklearn.tree import DecisionTreeClassifier

from app import create_app
from app.settings import Settings
from deploy.base.errors import DeployError
from tests.models import several
from tests.models.several import KINDS, MARKS, NUMBERS, VALUES, WORDS


@pytest.fixture
def serve(add):
    """Add a model with its table, and return a client of the application that serves it."""

    def added(name: str) -> FlaskClient:
        estimator, rows, answers = several.fitted(name)
        table = pd.concat([rows, answers], axis=1)
        add(add.file(f"{name}.joblib", estimator), data=add.table(table.to_csv(index=False)))
        return client(add, name)

    return added


def client(add, name: str) -> FlaskClient:
    settings = Settings(app_bundles=add.bundles, app_default_model=name, secret_key="x" * 32)
    return create_app(settings).test_client()


def close(values: Any, expected: Any) -> bool:
    """Numbers to the last digits, labels exactly."""
    values, expected = np.asarray(values), np.asarray(expected)
    if expected.dtype.kind in "OUS":
        return values.tolist() == expected.tolist()
    return values.shape == expected.shape and np.allclose(values.astype(float), expected.astype(float), rtol=1e-9)


@pytest.mark.parametrize("name", KINDS)
def test_every_way_in_answers_as_scikit_learn_does(serve, name):
    site, estimator = serve(name), KINDS[name][0]
    rows, names = several.unseen(KINDS[name][1]), [*KINDS[name][2]]
    expected, shares = estimator.predict(rows), several.probabilities(name, estimator, rows)
    records = rows.to_dict("records")
    api = f"/api/v1/models/{name}"

    predictions = site.post(f"{api}/predictions", json=records).json["predictions"]
    assert close([[prediction["value"][target] for target in names] for prediction in predictions], expected)
    assert [*predictions[0]["value"]] == names
    if shares is not None:
        for place, target in enumerate(names):
            own = [[*prediction["probabilities"][target].values()] for prediction in predictions]
            assert close(own, shares[place])
            assert [prediction["probability"][target] for prediction in predictions] == [
                prediction["probabilities"][target][str(prediction["value"][target])] for prediction in predictions
            ]
    addressed = [site.get(f"{api}/prediction", query_string=record).json["prediction"] for record in records[:3]]
    assert close([[prediction["value"][target] for target in names] for prediction in addressed], expected[:3])
    assert close([[*site.post("/modelo", json=record).json["predict"].values()] for record in records], expected)
    assert close(site.post("/invocations", json={"dataframe_records": records}).json["predictions"], expected)
    outputs = infer(site, name, rows)
    assert close(np.array([outputs[f"predict.{target}"] for target in names]).T.tolist(), expected.astype(str)
                 if expected.dtype.kind == "U" else expected)  # fmt: skip
    if shares is not None:
        assert close(np.reshape(outputs[f"predict_proba.{names[1]}"], (len(rows), -1)), shares[1])

    table = answered_table(site, name, rows)
    columns = [[row[f"prediction_{target}"] for target in names] for row in table]
    assert close(np.array(columns).astype(expected.dtype), expected)
    assert (f"probability_{names[0]}" in table[0]) == (shares is not None)


def infer(site: FlaskClient, name: str, rows: pd.DataFrame) -> dict[str, list[Any]]:
    kinds = {"f": "FP64", "i": "INT64"}
    inputs = [
        {"name": column, "shape": [len(rows)], "datatype": kinds.get(rows[column].dtype.kind, "BYTES"),
         "data": rows[column].tolist()} for column in rows
    ]  # fmt: skip
    reply = site.post(f"/v2/models/{name}/infer", json={"inputs": inputs}).json
    described = {output["name"]: output["datatype"] for output in site.get(f"/v2/models/{name}").json["outputs"]}
    assert {output["name"]: output["datatype"] for output in reply["outputs"]} == described
    return {output["name"]: output["data"] for output in reply["outputs"]}


def answered_table(site: FlaskClient, name: str, rows: pd.DataFrame) -> list[dict[str, str]]:
    token = re.search(r'name="csrf_token" type="hidden" value="([^"]+)"', site.get(f"/models/{name}").text)
    upload = (io.BytesIO(rows.to_csv(index=False).encode()), "table.csv")
    reply = site.post(f"/models/{name}/table", data={"csrf_token": token[1], "table": upload})
    assert reply.status_code == 200, reply.text
    return [*csv.DictReader(io.StringIO(reply.text))]


def table_of(add, rows: pd.DataFrame, answers: pd.DataFrame):
    return add.table(pd.concat([rows, answers], axis=1).to_csv(index=False))


def contract_of(folder) -> dict[str, Any]:
    return yaml.safe_load((folder / "model.yaml").read_text())


def test_page_says_every_answer_and_of_which_it_explains(serve):
    site, (estimator, _, _) = serve("forest"), KINDS["forest"]
    row = NUMBERS.iloc[:1]
    page = site.get("/models/forest/answer", query_string=row.to_dict("records")[0], headers={"Accept-Language": "en"})
    card = re.search(r'<section class="card answer".*?</section>', page.text, re.S)[0]
    answers = re.findall(r"<h[23][^>]*>(.*?)</h[23]>", card)
    said = [answer.split(": ")[-1] for answer in answers]
    assert said == estimator.predict(row)[0].tolist()
    assert card.count("<meter") == 5 and "Size" in card
    assert len({*re.findall('aria-labelledby="(share-[^"]*)"', card)}) == 5
    assert page.text.count("Of the answers, this is about the first: Mood.") == 2
    link = re.search('id="link" href="([^"]*)"', page.text)[1]
    assert site.get(link.replace("&amp;", "&")).status_code == 200
    document = re.search("<pre[^>]*>(.*?)</pre>", page.text, re.S)[1]
    assert "&#34;size&#34;: &#34;" in document


def test_comparison_has_a_line_for_each_further_answer(serve):
    site, (estimator, _, _) = serve("forest_of_numbers"), KINDS["forest_of_numbers"]
    rows = NUMBERS.iloc[[0, 1]]
    page = site.get("/models/forest_of_numbers/answer", query_string=rows.to_dict("records")[0]).text
    address = re.search('formaction="([^"]*comparison[^"]*)"', page)[1].replace("&amp;", "&")
    entries = {f"{name}": str(value) for name, value in rows.iloc[1].items()}
    reply = site.post(address, data=entries, follow_redirects=True, headers={"Accept-Language": "en"})
    assert reply.status_code == 200
    lines = re.findall(r'<tr><th scope="row">Rent</th><td>(.*?)</td><td>(.*?)</td>', reply.text)
    assert [[float(number.replace("−", "-")) for number in line] for line in lines] == [
        pytest.approx(estimator.predict(rows)[:, 1], rel=1e-3)
    ]


def test_summary_of_a_table_counts_each_target(serve):
    site, (estimator, rows, _) = serve("forest"), KINDS["forest"]
    token = re.search(r'name="csrf_token" type="hidden" value="([^"]+)"', site.get("/models/forest").text)[1]
    upload = (io.BytesIO(rows.to_csv(index=False).encode()), "table.csv")
    page = site.post("/models/forest/table", data={"csrf_token": token, "table": upload, "check": ""}).text
    counts = dict(re.findall(r'<tr><th scope="row">(\w+)</th><td>(\d+)</td></tr>', page))
    predicted = estimator.predict(rows)
    assert counts == {str(label): str(count) for column in predicted.T for label, count in
                      zip(*np.unique(column, return_counts=True), strict=True)}  # fmt: skip


def test_column_that_is_called_like_an_answer_stays(serve):
    site = serve("each_of_numbers")
    table = answered_table(site, "each_of_numbers", NUMBERS.head(3).assign(prediction_rent="mine"))
    assert [row["prediction_rent"] for row in table] == ["mine"] * 3
    assert close(
        [float(row["prediction_rent_"]) for row in table], KINDS["each_of_numbers"][0].predict(NUMBERS[:3])[:, 1]
    )


def test_document_describes_what_is_answered(serve):
    site = serve("chain")
    schema = site.get("/api/v1/openapi.json").json["components"]["schemas"]["ChainPrediction"]
    reply = site.post("/api/v1/models/chain/predictions", json=NUMBERS.to_dict("records")[0]).json["predictions"][0]
    assert [*schema["properties"]] == [*reply, "warnings"] and {*schema["required"]} == {"value", "label"}
    assert [*schema["properties"]["value"]["properties"]] == [*reply["value"]] == [*MARKS]
    assert schema["properties"]["value"]["properties"]["fog"]["enum"] == [0, 1]


def test_names_units_and_figures_are_each_target_s_own(add, capsys):
    folder = add(add.file("flats.joblib", LinearRegression().fit(NUMBERS, VALUES)), data=table_of(add, NUMBERS, VALUES))
    contract = contract_of(folder)
    assert contract["predicts"] == {"name": "price_eur", "kind": "regression", "label": "Price", "unit": "€"}
    assert contract["also"] == [{"name": "rent", "kind": "regression", "label": "Rent"}]
    assert contract["metrics"] == {
        "rows": 160, "r2 of price_eur on the given table": 1.0, "r2 of rent on the given table": 1.0
    }  # fmt: skip
    assert contract["description"]["en"] == "Predicts “Price” and “Rent” from 3 properties."
    assert {example["label"]["es"] for example in contract["examples"]} == {
        "Price: valor bajo", "Price: valor medio", "Price: valor alto"
    }  # fmt: skip
    output = capsys.readouterr().out
    assert "  predicts price_eur: a number\n  predicts rent: a number\n" in output
    page = client(add, "flats").get("/models/flats", headers={"Accept-Language": "es"}).text
    assert "R² de «rent», con la tabla con la que se entrenó" in page


def test_array_s_targets_are_named_on_the_command_line_or_numbered(add):
    estimator = LinearRegression().fit(NUMBERS.to_numpy(), VALUES.to_numpy())
    named = add(add.file("named.joblib", estimator), data=table_of(add, NUMBERS, VALUES), target="price_eur,rent")
    assert [target["name"] for target in [contract_of(named)["predicts"], *contract_of(named)["also"]]] == [*VALUES]
    bare = contract_of(add(add.file("bare.joblib", estimator)))
    assert (bare["predicts"]["name"], bare["also"][0]["name"]) == ("target_1", "target_2")
    assert bare["also"][0]["label"] == {"es": "Predicción 2", "en": "Prediction 2"}


def test_column_whose_name_has_a_comma_is_one(add):
    answers = VALUES.rename(columns={"rent": "rent, monthly"})
    file = add.file("flats.joblib", LinearRegression().fit(NUMBERS.to_numpy(), answers.to_numpy()))
    folder = add(file, data=table_of(add, NUMBERS, answers), target=["price_eur", "rent, monthly"])
    assert contract_of(folder)["also"][0]["name"] == "rent, monthly"


def test_rows_not_trained_on_measure_each_target(add, capsys):
    noisy = VALUES + np.random.default_rng(3).normal(size=VALUES.shape)
    estimator = RandomForestRegressor(10, random_state=0).fit(NUMBERS[:80], noisy[:80])
    test = add.folder / "test.csv"
    pd.concat([NUMBERS, noisy], axis=1)[80:].to_csv(test, index=False)
    folder = add(add.file("flats.joblib", estimator), data=table_of(add, NUMBERS[:80], noisy[:80]), test=test)
    contract = contract_of(folder)
    assert contract["predicts"]["interval"]["rows"] == contract["also"][0]["interval"]["rows"] == 80
    assert contract["predicts"]["interval"]["margin"] > 10 * contract["also"][0]["interval"]["margin"]
    assert "mean absolute error of rent on rows not trained on" in contract["metrics"]
    reply = client(add, "flats").post("/api/v1/models/flats/predictions", json=NUMBERS.to_dict("records")[0]).json
    (prediction,) = reply["predictions"]
    assert prediction["interval"]["rent"]["low"] < prediction["value"]["rent"] < prediction["interval"]["rent"]["high"]


REFUSED = {
    "another order": (
        lambda: (LinearRegression().fit(NUMBERS, VALUES[["rent", "price_eur"]]), NUMBERS, VALUES, {}),
        "fit the columns of the table in another order: rent, price_eur",
    ),
    "too few names": (
        lambda: (LinearRegression().fit(NUMBERS, VALUES), NUMBERS, VALUES, {"target": "rent"}),
        "the model answers 2 things, and --target names one thing",
    ),
    "a name twice": (
        lambda: (LinearRegression().fit(NUMBERS, VALUES), NUMBERS, VALUES, {"target": "rent,rent"}),
        "--target names a column twice",
    ),
    "no such column": (
        lambda: (LinearRegression().fit(NUMBERS, VALUES), NUMBERS, VALUES, {"target": "rent,size"}),
        "has no column size",
    ),
    "one target that is wrong": (
        lambda: (LinearRegression().fit(NUMBERS, VALUES), NUMBERS, VALUES.assign(rent=VALUES["rent"] * 9 + 90), {}),
        "its answers to rent of .* can't be right",
    ),
    "a target with one label": (
        lambda: (DecisionTreeClassifier().fit(NUMBERS, MARKS.assign(fog=1)), NUMBERS, MARKS, {}),
        "answers the same to everything as its target 3",
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_served_is_refused_with_a_sentence(add, kind):
    make, message = REFUSED[kind]
    estimator, rows, answers, options = make()
    with pytest.raises(DeployError, match=message):
        add(add.file("several.joblib", estimator), data=table_of(add, rows, answers), **options)


def test_encoder_of_labels_is_not_for_several_targets(add):
    encoder = add.file("encoder.joblib", LabelEncoder().fit(["no", "yes"]))
    file = add.file("several.joblib", KNeighborsClassifier().fit(NUMBERS, MARKS))
    with pytest.raises(DeployError, match="answers 3 things at once; --labels gives the encoder of one"):
        add(file, data=table_of(add, NUMBERS, MARKS), labels=encoder)


ONE = {
    "numbers": (LinearRegression(), VALUES[["rent"]]),
    "labels": (MultiOutputClassifier(LogisticRegression()), WORDS[["size"]]),
    "marks": (ClassifierChain(LogisticRegression()), MARKS[["rain"]]),
}


@pytest.mark.parametrize("kind", ONE)
def test_column_of_one_target_is_one_answer(add, kind):
    estimator, answers = ONE[kind]
    folder = add(add.file("one.joblib", estimator.fit(NUMBERS, answers)), data=table_of(add, NUMBERS, answers))
    assert "also" not in contract_of(folder)
    rows = several.unseen(NUMBERS)
    reply = client(add, "one").post("/api/v1/models/one/predictions", json=rows.to_dict("records")).json
    assert close([[prediction["value"]] for prediction in reply["predictions"]], estimator.predict(rows))
    assert ("probabilities" in reply["predictions"][0]) == (kind != "numbers")


def test_probabilities_that_could_be_of_either_label_are_not_given(add):
    parts = [("near", KNeighborsClassifier()), ("tree", DecisionTreeClassifier(random_state=0))]
    estimator = StackingClassifier(parts, final_estimator=KNeighborsClassifier()).fit(NUMBERS, MARKS.to_numpy())
    add(add.file("stack.joblib", estimator), data=table_of(add, NUMBERS, MARKS))
    reply = client(add, "stack").post("/api/v1/models/stack/predictions", json=NUMBERS[:9].to_dict("records")).json
    answers = [[*prediction["value"].values()] for prediction in reply["predictions"]]
    assert answers == estimator.predict(NUMBERS[:9]).tolist()
    assert "probabilities" not in reply["predictions"][0]
