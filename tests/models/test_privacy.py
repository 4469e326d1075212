"""Nobody's own text of the training table is published, and its rows can be left out."""

from sklearn.compose import make_column_transformer
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from tests.models.test_warnings import FIELDS, HOMES, PRICES, client_of


def test_nobody_s_text_is_published_and_rows_can_be_left_out(add, capsys):
    table = HOMES[[*FIELDS, "remark"]]
    columns = make_column_transformer(
        (OneHotEncoder(), ["brand"]), ("passthrough", ["rooms", "area", "lift"]), (HashingVectorizer(), "remark")
    )
    model = make_pipeline(columns, Ridge()).fit(table, PRICES)
    add(add.file("homes.joblib", model), data=add.table(table.assign(price=PRICES).to_csv(index=False)))
    assert "50 rows of the table (rooms, area, brand, lift, remark) are kept" in capsys.readouterr().out
    client = client_of(add)
    pages = ["/models/homes", "/models/homes?example=1", "/api/v1/openapi.json", "/api/v1/models", "/v2/models/homes"]
    assert not [page for page in pages if "Smith" in client.get(page).text]
    folder = add(add.file("other.joblib", model), data=add.table(table.to_csv(index=False)), keep_rows=False)
    assert "No row of the table is kept" in capsys.readouterr().out
    for file in (*folder.iterdir(), *(add.bundles / "other").glob("*.json")):
        assert b"Smith" not in file.read_bytes(), file
