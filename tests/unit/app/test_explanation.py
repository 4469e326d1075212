"""Why an answer, and what it doesn't know: on its page, at once or for a click, and nowhere else."""

import html
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from app.engines import EngineOutputs
from app.explanation import AT_ONCE_US, LONGEST_US, is_offered, is_quick
from app.languages import signed
from app.whatif import few
from tests.csrf import token

THIRD = {"class": "third", "sex": "female", "age": "adult"}
EVERY = {"altura (cm)": "170", "plan": "10", "nota": "hola", "niños": ""}
LABELS = ("Height", "Children", "Yes or no", "Plan", "Note", "Free", "Day", "Appointment")


@pytest.fixture
def timed(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Make the application believe that a model's explanation takes so long, or give it another engine."""

    def change(name: str, us: float | None, **attributes: Any) -> None:
        model = app.extensions["models"][name]
        timings = model.timings.model_copy(update={"us_per_explanation": us})
        monkeypatch.setitem(app.extensions["models"], name, replace(model, timings=timings, **attributes))

    return change


def moves(page: str) -> list[tuple[str, str]]:
    """Return the explanation's rows: what, and by how much."""
    (table,) = re.findall(r'<table class="moves">(.*?)</table>', page, re.S)
    cells = re.findall(r'<th scope="row">(.*?)<svg.*?</th><td>(.*?)</td>', table, re.S)
    return [(html.unescape(re.sub(r"<[^>]+>", "", name)), amount.replace("\xa0", " ")) for name, amount in cells]


def number_in(text: str) -> float:
    return float(text.replace(",", ".").replace("−", "-").rstrip(" %"))


def test_moves_lead_from_the_baseline_to_the_answer(submit):
    english, spanish = (submit("titanic", THIRD, language=language).text for language in ("en", "es"))
    rows = moves(english)
    assert [name for name, _ in rows] == [
        "Baseline", "How you travelled: In third class", "Sex: Female", "Age: Adult", "This answer"]  # fmt: skip
    baseline, *amounts, answer = [number_in(amount) for _, amount in rows]
    assert answer == 54.5 and baseline + sum(amounts) == pytest.approx(answer, abs=0.3)
    assert amounts == sorted(amounts, key=abs, reverse=True)
    assert all(amount[0] in "+−" for _, amount in rows[1:-1])
    assert "the probability of “You would have died” averages" in english
    assert "la probabilidad de «Habrías muerto» es de media del" in spanish
    assert [number_in(amount) for _, amount in moves(spanish)] == [baseline, *amounts, answer]


def test_moves_of_a_number_are_in_its_unit_and_digits(submit, client):
    fields = client.get("/api/v1/models/diabetes").json["contract"]["fields"]
    page = submit("diabetes", {field["name"]: str(field["example"]) for field in fields}, language="en").text
    baseline, *amounts, answer = [number_in(amount) for _, amount in moves(page)]
    assert baseline + sum(amounts) == pytest.approx(answer, abs=0.05)
    assert re.search(rf'<h2 id="answer">{answer}', page)


def test_same_entries_get_the_same_explanation(submit):
    first, again = (moves(submit("titanic", THIRD).text) for _ in range(2))
    assert first == again


def test_ten_have_a_bar_and_the_others_are_one(submit, timed, monkeypatch):
    monkeypatch.setattr("app.explanation.SHOWN", 1)
    rows = moves(submit("titanic", THIRD, language="en").text)
    assert [name for name, _ in rows][1:-1] == ["How you travelled: In third class", "Everything else (2)"]
    baseline, *amounts, answer = [number_in(amount) for _, amount in rows]
    assert baseline + sum(amounts) == pytest.approx(answer, abs=0.2)


def test_slow_explanation_is_asked_for_by_a_click(client, submit, timed):
    timed("titanic", AT_ONCE_US + 1)
    page = submit("titanic", THIRD, language="en").text
    assert '<table class="moves">' not in page and ">Explain this answer<" in page
    address = re.search(r'form="form" formaction="([^"]+)"', page)[1]
    assert '<form id="form"' in page and address == "/models/titanic?explanation=1#why"
    headers = {"Accept-Language": "en"}
    asked = client.post(address.partition("#")[0], data={"csrf_token": token(page)} | THIRD, headers=headers).text
    assert moves(asked)[-1] == ("This answer", "54.5%") and ">Explain this answer<" not in asked


def test_embedded_answer_is_explained_too(client, timed):
    address = "/models/titanic/embed/en"
    assert moves(client.post(address, data=THIRD).text)[-1] == ("This answer", "54.5%")
    timed("titanic", AT_ONCE_US + 1)
    page = client.post(address, data=THIRD).text
    asked = re.search(r'form="form" formaction="([^"]+)"', page)[1]
    assert 'id="why"' in page and asked == f"{address}?explanation=1#why"
    assert moves(client.post(asked.partition("#")[0], data=THIRD).text)[-1] == ("This answer", "54.5%")


@pytest.mark.parametrize("us", [None, LONGEST_US + 1])
def test_what_cannot_be_explained_is_not_offered(client, submit, timed, us):
    timed("titanic", us)
    page = submit("titanic", THIRD).text
    assert 'id="why"' not in page and "#why" not in page
    data = {"csrf_token": token(page)} | THIRD
    assert 'id="why"' not in client.post("/models/titanic?explanation=1", data=data).text


def test_model_of_one_text_says_nothing(opinion):
    client = opinion.test_client()
    (name,) = opinion.extensions["models"]
    (field,) = opinion.extensions["models"][name].contract.fields
    data = {"csrf_token": token(client.get(f"/models/{name}").text), field.name: "una obra maestra"}
    response = client.post(f"/models/{name}?explanation=1", data=data)
    assert response.status_code == 200 and 'id="why"' not in response.text


@pytest.mark.parametrize(
    ("us", "characters", "offered", "quick"),
    [(1000, 0, True, True), (1000, 150, True, True), (1000, 5_000, True, False), (1000, 100_000, False, False),
     (AT_ONCE_US, 250, True, False), (LONGEST_US, 150, True, False), (LONGEST_US, 250, False, False)],
)  # fmt: skip
def test_long_text_is_explained_for_a_click_or_not_at_all(app, us, characters, offered, quick):
    model = app.extensions["models"]["every_kind"]
    slow = replace(model, timings=model.timings.model_copy(update={"us_per_explanation": us}))
    row = model.validator.typed(model.contract.example)
    row[4] = "x" * characters
    assert (is_offered(slow, row), is_quick(slow, row)) == (offered, quick)


def test_answer_stands_where_its_explanation_fails(submit, timed, app):
    engine = app.extensions["models"]["titanic"].engine

    class FailsForMany:
        gives_probabilities = True

        def compute(self, rows: Any) -> EngineOutputs:
            if len(rows) > 200:
                raise ValueError("a root of a negative number")
            return engine.compute(rows)

    timed("titanic", 1, engine=FailsForMany())
    response = submit("titanic", THIRD, language="en")
    assert response.status_code == 200 and "54.5%: You would have died" in response.text
    assert 'id="why"' not in response.text


def test_what_was_left_open_has_the_range_of_the_answer(submit, timed):
    timed("every_kind", 1)
    page = html.unescape(submit("every_kind", EVERY, language="en").text)
    (answer,) = re.findall(r'<h2 id="answer">(?:([\d.]+)%)?', page)
    assert answer, "the test is of a close answer, which the month alone turns"
    part = page.split("What it doesn't know")[1].split("</div>")[0]
    assert {label for label in LABELS if label in part} == {"Yes or no", "Day", "Children"}, "Free could be any number"
    low, high = re.search(r"Day: from ([\d.]+)% to ([\d.]+)%; it could be “One”", part).groups()
    assert float(low) < 50 < float(answer) <= float(high)


def test_what_is_known_is_not_called_unknown(submit):
    assert "What it doesn" not in submit("titanic", THIRD, language="en").text


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [(23.46, 1, "+23.5"), (-0.04, 1, "0.0"), (-0.06, 1, "−0.1"), (12345.6, -1, "+12,350"), (7, 2, "+7.00"),
     (-1.5e-9, 12, "−1.5E−9"), (4e20, -16, "+4E20")],
)  # fmt: skip
def test_moves_are_written_with_their_sign_and_all_their_decimals(value, decimals, text):
    assert signed(value, decimals) == text


def test_few_values_are_spread_and_have_both_ends():
    assert few([*range(100)], 4) == [0, 33, 66, 99]
    assert (few([1, 2], 5), few([3], 2), few([], 5)) == ([1, 2], [3], [])
