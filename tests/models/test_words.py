"""A contract's words, gone through with its owner at a terminal."""

import io
import os
import pty
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from deploy.base.paths import KIT
from deploy.models import builder, cli, importer, words
from tests.models.project import HIGH, TABLE

CARD_PLACES = {("predicts", "cases"): words.CASES} | {("card", key): question for key, question in words.CARD.items()}


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Yield a function that types lines at a terminal, before they are asked for."""
    keyboard, end = pty.openpty()
    with os.fdopen(end, encoding="utf-8") as screen, os.fdopen(keyboard, "wb", buffering=0) as keys:
        monkeypatch.setattr(sys, "stdin", screen)

        def type_in(*lines: str) -> None:
            monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
            keys.write("".join(f"{line}\n" for line in lines).encode())

        yield type_in


@pytest.fixture
def contract(tmp_path: Path) -> Path:
    """A contract with comments, in flow style and in blocks."""
    file = tmp_path / "titanic" / "model.yaml"
    shutil.copytree(KIT / "models" / "titanic", file.parent)
    file.write_text(file.read_text().replace("predicts:\n", "# What comes out.\npredicts:  # of two\n", 1))
    return file


def test_who_adds_a_model_at_a_terminal_is_asked_what_its_numbers_mean(add, terminal, capsys):
    terminal("¿Será alto? | Will it be high?", "Bajo | Low", "Alto: sí")
    folder = add(add.file("stranger.joblib", LogisticRegression().fit(TABLE[["u", "v"]], HIGH)), data=add.table())
    contract = yaml.safe_load((folder / "model.yaml").read_text())
    assert contract["title"] == {"es": "¿Será alto?", "en": "Will it be high?"}
    assert [label["label"] for label in contract["predicts"]["labels"]] == [{"es": "Bajo", "en": "Low"}, "Alto: sí"]
    assert '"¿Será alto?"' in (add.bundles / "stranger" / "model.json").read_text()
    printed = capsys.readouterr().out
    assert "What does the answer 0 mean? [y: 0]" in printed
    assert "What do its answers mean? Say it" not in printed


def test_only_what_is_answered_changes(contract, monkeypatch):
    before, text = yaml.safe_load(contract.read_text()), contract.read_text()
    answers = [
        "",
        "Dice si, viajando así, habrías llegado | Says whether, travelling so, you'd have arrived",
        "",
        "Viva",
    ]
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n".join([*answers, ""])))
    assert words.go_through(contract) == 2
    after = yaml.safe_load(contract.read_text())
    assert after.pop("description") == {
        "es": "Dice si, viajando así, habrías llegado",
        "en": "Says whether, travelling so, you'd have arrived",
    }
    assert after["predicts"]["labels"][0].pop("label") == "Viva"
    del before["description"], before["predicts"]["labels"][0]["label"]
    assert after == before
    kept = [line for line in text.splitlines() if "es: Di cómo" not in line and "en: Say how" not in line]
    lost = [line for line in kept if line not in contract.read_text().splitlines()]
    assert lost == ["    - {value: survived, label: {es: Habrías sobrevivido, en: You would have survived}}"]


def test_answer_that_the_contract_does_not_take_is_asked_for_again(contract, monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{'x' * 2001}\nTitanic\n"))
    assert words.go_through(contract) == 1
    assert yaml.safe_load(contract.read_text())["title"] == "Titanic"
    assert "at most 2000 characters" in capsys.readouterr().out


@pytest.mark.parametrize("typed", ["A\udcf1o", "Titanic\x1b[D", "Ti\u202etanic"])
def test_answer_that_cannot_be_read_is_asked_for_again(contract, monkeypatch, capsys, typed):
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{typed}\nTitanic\n"))
    assert words.go_through(contract) == 1
    assert yaml.safe_load(contract.read_text())["title"] == "Titanic"
    assert "can't be read; type it again" in capsys.readouterr().out


def test_write_that_fails_leaves_the_contract_as_it_was(contract, monkeypatch):
    before = contract.read_bytes()
    monkeypatch.setattr(words, "_written", lambda answer: "\udcf1")
    monkeypatch.setattr(sys, "stdin", io.StringIO("Titanic\n"))
    with pytest.raises(UnicodeEncodeError):
        words.go_through(contract)
    assert contract.read_bytes() == before
    assert not [*contract.parent.glob(".*.new")]


def test_every_text_is_asked_for(contract, monkeypatch, capsys):
    count = 200
    monkeypatch.setattr(sys, "stdin", io.StringIO("Otra | Another\n" * count))
    changed = words.go_through(contract)
    printed = capsys.readouterr().out
    assert printed.count("? [") == changed < count
    for question in ("What is class?", 'What does class: "first" mean?', 'What does the answer "died" mean?'):
        assert question in printed
    assert contract.read_text().count("Otra") == changed


@pytest.mark.parametrize(
    "card",
    [
        "",
        "card: {}\n",
        "card: {limitations: Nunca probado}\n",
        "card:\n    # Sus límites.\n    limitations: Nunca probado  # aún",
    ],
)
def test_what_a_card_leaves_out_is_asked_for_and_written_into_it(contract, monkeypatch, card):
    kept = {key: value for key, value in yaml.safe_load(contract.read_text()).items() if key != "card"}
    del kept["predicts"]["cases"]
    contract.write_text(yaml.safe_dump(kept, allow_unicode=True) + card)
    monkeypatch.setattr(words, "_questions", lambda _: [*CARD_PLACES.items()])
    monkeypatch.setattr(sys, "stdin", io.StringIO("tales | such\nPara clase | For a class\n\n\na@example.org\n"))
    assert words.go_through(contract) == 3
    after = yaml.safe_load(contract.read_text())
    assert after["predicts"].pop("cases") == {"es": "tales", "en": "such"}
    assert after.pop("card") == (yaml.safe_load(card) or {}).get("card", {}) | {
        "intended_use": {"es": "Para clase", "en": "For a class"},
        "contact": "a@example.org",
    }
    assert after == kept
    assert card.splitlines()[1:] == [
        line for line in contract.read_text().splitlines() if "# Sus" in line or "# aún" in line
    ]


ENDS = {
    ("add", "churn.joblib"): "Interrupted. Nothing was added.",
    ("check", "stranger"): "Interrupted.",
    ("build",): "Interrupted.",
}


@pytest.mark.parametrize("arguments", ENDS)
@pytest.mark.parametrize("end", [EOFError, KeyboardInterrupt])
def test_end_of_the_input_at_a_question_is_no_traceback(monkeypatch, capsys, arguments, end):
    def ask(*_: object, **__: object) -> None:
        raise end

    monkeypatch.setattr(importer, "add", ask)
    monkeypatch.setattr(cli, "_chosen", ask)
    monkeypatch.setattr(builder, "main", ask)
    assert cli.main(arguments) == 130
    assert capsys.readouterr().err.splitlines()[-1] == ENDS[arguments]


def test_file_that_may_not_be_written_to_is_a_sentence(monkeypatch, capsys):
    def write(*_: object) -> None:
        raise PermissionError(13, "Permission denied", "models/churn/model.yaml")

    monkeypatch.setattr(cli, "_chosen", write)
    assert cli.main(["words", "churn"]) == 1
    assert capsys.readouterr().err == "models/churn/model.yaml: Permission denied\n"


def test_command_says_what_to_do_next(stranger, monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.StringIO("Título | Title\n"))
    assert cli.main(["words", "stranger"]) == 0
    assert "1 text changed" in (printed := capsys.readouterr().out) and "model check stranger" in printed
    assert cli.main(["check", "stranger"]) == 0
    assert cli.main(["words", "other"]) == 2


def test_each_target_of_several_is_asked_for(add, monkeypatch, capsys):
    answers = TABLE.assign(high=HIGH)[["y", "high"]]
    table = TABLE[["u", "v"]].assign(y=answers["y"], high=answers["high"])
    estimator = DecisionTreeClassifier(random_state=0).fit(TABLE[["u", "v"]], answers)
    folder = add(add.file("several.joblib", estimator), data=add.table(table.to_csv(index=False)))
    lines = ["", "", "Lluvia | Rain", "", "", "Viento | Wind", "No | No", ""]
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n".join(lines)))
    assert words.go_through(folder / "model.yaml") == 3
    contract = yaml.safe_load((folder / "model.yaml").read_text())
    assert contract["predicts"]["label"] == {"es": "Lluvia", "en": "Rain"}
    assert contract["also"][0]["label"] == {"es": "Viento", "en": "Wind"}
    assert contract["also"][0]["labels"][0]["label"] == {"es": "No", "en": "No"}
    assert "What does the answer 0 as high mean?" in capsys.readouterr().out
