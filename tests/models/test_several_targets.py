"""Models that answer several things at once are served by every way in, as scikit-learn answers."""

import csv
import io
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from flask.testing import FlaskClient

from tests.models import several
from tests.models.several import KINDS, MARKS, NUMBERS, client, close


@pytest.fixture
def serve(add):
    """Add a model with its table, and return a client of the application that serves it."""

    def added(name: str) -> FlaskClient:
        estimator, rows, answers = several.fitted(name)
        table = pd.concat([rows, answers], axis=1)
        add(add.file(f"{name}.joblib", estimator), data=add.table(table.to_csv(index=False)))
        return client(add, name)

    return added


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
    require_alike_table(answered_table(site, name, rows), names, expected, shares is not None)


def require_alike_table(table: list[dict[str, str]], names: list[str], expected: Any, has_shares: bool) -> None:
    assert close(
        np.array([[row[f"prediction_{target}"] for target in names] for row in table]).astype(expected.dtype), expected
    )
    assert (f"probability_{names[0]}" in table[0]) == has_shares


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
    assert page.text.count("This is about the first of the answers: Mood.") == 2
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
