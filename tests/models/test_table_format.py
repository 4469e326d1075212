"""What ``model add`` finds in a table stands in the contract; what a table leaves open is asked, or an option's."""

import io

import pytest
import yaml
from python_calamine import load_workbook
from sklearn.linear_model import LinearRegression

from app.model import load
from app.tables import Table
from deploy.base.errors import DeployError
from deploy.models import model_folder
from tests.models.project import Importer
from tests.unit.app.test_workbooks import workbook

WEIGHTS = [number + 0.536 for number in range(1, 30)]
OPEN = "peso;precio\n" + "".join(f"{weight:.3f};{2 * weight:.3f}\n".replace(".", ",") for weight in WEIGHTS)
"""Each of its numbers may be thousands."""


class Terminal(io.StringIO):
    """What an operator types."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def file(add: Importer):
    import pandas as pd

    table = pd.DataFrame({"peso": WEIGHTS})
    return add.file("pesos.joblib", LinearRegression().fit(table, table["peso"] * 2))


def table_of(folder) -> dict[str, str]:
    return yaml.safe_load((folder / model_folder.CONTRACT).read_text())["table"]


def test_numbers_that_can_be_read_in_two_ways_are_refused_where_nobody_is_there(add, file, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO())
    with pytest.raises(DeployError, match=r"column peso: 1,536 may be 1\.536 or 1536") as refusal:
        add(file, data=add.table(OPEN))
    assert "--decimal ," in refusal.value.advice
    assert add.left == []


def test_option_says_what_the_table_leaves_open(add, file, capsys):
    folder = add(file, data=add.table(OPEN), decimal=",")
    assert table_of(folder) == {"encoding": "utf-8", "separator": ";", "decimal": ","}
    assert "its table: UTF-8, semicolons between cells, commas before decimals" in capsys.readouterr().out


def test_operator_is_asked_at_a_terminal(add, file, monkeypatch):
    monkeypatch.setattr("sys.stdin", Terminal(",\n"))
    assert table_of(add(file, data=add.table(OPEN)))["decimal"] == ","
    monkeypatch.setattr("sys.stdin", Terminal("both\n"))
    with pytest.raises(DeployError, match="'both' is neither"):
        add(file, data=add.table(OPEN), name="other")


def test_column_with_both_marks_is_refused_whatever_is_said(add, file):
    text = "peso;precio\n1,5;1\n1.5;1\n2.536;1\n"
    with pytest.raises(DeployError, match=r"column peso: a number is ambiguous: write 2536 or 2\.536"):
        add(file, data=add.table(text), decimal=",")


def test_column_that_the_model_does_not_need_is_not_asked(add, file):
    text = "peso;id\n" + "".join(f"{number};7,727\n" for number in range(1, 30))
    folder = add(file, data=add.table(text))
    assert "decimal" not in table_of(folder)


def test_workbook_is_added_and_uploaded(add, file, capsys):
    data = workbook([["id", "peso", "precio"], *[[f"n{weight}", weight, 2 * weight] for weight in WEIGHTS]])
    table = add.folder / "pesos.xlsx"
    table.write_bytes(data)
    folder = add(file, data=table, target="precio")
    assert "its table: a workbook (xlsx)" in capsys.readouterr().out
    assert "table" not in yaml.safe_load((folder / model_folder.CONTRACT).read_text())
    uploaded = Table(load(add.bundles / "pesos"), io.BytesIO(data), 100)
    rows = load_workbook(io.BytesIO(b"".join(uploaded.predicted()))).get_sheet_by_index(0).to_python()
    assert rows[0] == ["id", "peso", "precio", "prediction", "warning", "error"]
    assert [row[3] for row in rows[1:]] == pytest.approx([2 * weight for weight in WEIGHTS])
