"""Tables as people have them, each with a model that was fitted on what pandas makes of it with the right options."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

ROWS = 120


@dataclass(frozen=True)
class Case:
    """A table's file, and a model of it.

    Attributes:
        rows: as the model was trained on them.
    """

    data: bytes
    target: str
    estimator: Any
    rows: pd.DataFrame

    @property
    def answers(self) -> list[Any]:
        """What scikit-learn answers to each row."""
        return list(self.estimator.predict(self.rows).tolist())


def cases() -> dict[str, Case]:
    """Return name → case."""
    return {name: case for make in CASES for name, case in make(np.random.default_rng(1))}


def _case(data: bytes, target: str, model: Any, **options: Any) -> Case:
    table = pd.read_csv(io.BytesIO(data), **options).dropna(how="all")
    rows = table.drop(columns=target)
    texts = [name for name in rows if rows[name].dtype == "str"]
    numbers = [name for name in rows if name not in texts]
    parts = make_column_transformer((SimpleImputer(), numbers), (OneHotEncoder(), texts))
    return Case(data, target, make_pipeline(parts, model).fit(rows, table[target]), rows)


def _spanish(random: np.random.Generator) -> Iterator[tuple[str, Case]]:
    """What Spanish shops and spreadsheets export."""
    flats = pd.DataFrame({
        "año": random.integers(2019, 2025, ROWS), "Superficie (m²)": random.uniform(30, 2400, ROWS).round(2),
        "% humedad": random.uniform(5, 80, ROWS).round(1), "Ascensor": random.choice(["Sí", "No"], ROWS),
        "Barrio": random.choice(["Chamberí", "Peñagrande"], ROWS),
    })  # fmt: skip
    flats["Precio (€)"] = (flats["Superficie (m²)"] * 2900).round(2)
    grouped = flats.copy()
    for name in ("Superficie (m²)", "% humedad", "Precio (€)"):
        grouped[name] = [f"{number:,.2f}".translate(str.maketrans(".,", ",.")) for number in flats[name]]
    excel = {"sep": ";", "index": False, "lineterminator": "\r\n"}
    spanish = {"sep": ";", "decimal": ",", "thousands": "."}
    text = grouped.to_csv(**excel)
    yield "thousands", _case(text.encode("cp1252"), "Precio (€)", LinearRegression(), encoding="cp1252", **spanish)
    text = flats.to_csv(decimal=",", **excel) + ";;;;;\r\n;;;;;\r\n\r\n"
    yield "empty lines", _case(text.encode("utf-8-sig"), "Precio (€)", Ridge(), sep=";", decimal=",")
    days = flats.assign(fecha=[f"{day % 28 + 1:02d}.11.2024" for day in range(ROWS)], version="1.2")
    data = days.to_csv(decimal=",", **excel).encode("utf-16")
    case = _case(data, "Precio (€)", Ridge(), sep=";", decimal=",", encoding="utf-16")
    numbers = case.rows[["año", "Superficie (m²)", "% humedad"]]
    estimator = LinearRegression().fit(numbers, flats["Precio (€)"])
    yield "a date with points", Case(data, "Precio (€)", estimator, numbers)


def _codes_and_words(random: np.random.Generator) -> Iterator[tuple[str, Case]]:
    """Codes with zeros, labels called None, blanks in numbers, an index and an id."""
    codes = pd.DataFrame({"postcode": random.choice(["08001", "28013"], ROWS), "m2": random.uniform(30, 150, ROWS)})
    codes["rent"] = codes["m2"] * 9 + codes["postcode"].astype(int) / 100
    yield "codes", _case(codes.to_csv(index=False).encode(), "rent", Ridge(), dtype={"postcode": str})
    words = pd.DataFrame({"age": random.integers(20, 70, ROWS), "drug": random.choice(["None", "low", "?"], ROWS)})
    words["disorder"] = np.where(words["age"] > 45, "None", "apnoea")
    forest = RandomForestClassifier(5, random_state=0)
    yield "None", _case(words.to_csv(index=False).encode(), "disorder", forest, keep_default_na=False)
    churn = pd.DataFrame({"id": np.arange(ROWS), "months": random.integers(0, 70, ROWS)})
    churn["total"] = np.where(churn["months"] > 9, (churn["months"] * 9.5).astype(str), " ")
    churn["churn"] = np.where(churn["months"] > 30, "No", "Yes")
    data = churn.to_csv(na_rep="NA").encode()
    rows = churn[["months"]].assign(total=pd.to_numeric(churn["total"], errors="coerce"))
    model = make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression()).fit(rows, churn["churn"])
    yield "blanks, an index and an id", Case(data, "churn", model, rows)


def _names(random: np.random.Generator) -> Iterator[tuple[str, Case]]:
    """Names with blanks, line breaks, dots, quotes, and of many characters."""
    long = "How satisfied are you, all in all, with the help that our staff gave you " * 2
    names = [" a b", "a_b", "Price\n(EUR)", long, "sup. (m²)", 'd\'<i>"q"&amp', "prediction", "x[0]"]
    table = pd.DataFrame(random.normal(10, 3, (ROWS, len(names))).round(3), columns=names)
    yield "names", _case(table.assign(y=table.sum(axis=1)).to_csv(index=False).encode(), "y", Ridge())
    lines = [f"{age}, {random.choice(['Private', 'State'])}, {'high' if age > 50 else 'low'}" for age in range(18, 80)]
    text = "age, sector, pay\n" + "\n".join(lines) + "\n"
    yield "blanks after commas", _case(text.encode(), " pay", LogisticRegression())


def _real(random: np.random.Generator) -> Iterator[tuple[str, Case]]:
    """The tables that scikit-learn brings, as a spreadsheet saves them."""
    loaders = {"wine": load_wine, "cancer": load_breast_cancer, "diabetes": load_diabetes}
    for name, load in loaders.items():
        table = load(as_frame=True).frame
        options: dict[str, Any] = {"sep": "\t"} if name == "cancer" else {"sep": ";", "decimal": ","}
        model = Ridge() if name == "diabetes" else RandomForestClassifier(10, random_state=0)
        yield name, _case(table.to_csv(index=False, **options).encode(), "target", model, **options)


CASES = (_spanish, _codes_and_words, _names, _real)
