"""A score that can't be right is told from one that may be, with its likely cause."""

import numpy as np
import pytest

from deploy.base.errors import DeployError
from deploy.models.scoring import require_plausible, score

WORDS = ["ash", "birch", "cedar"]


@pytest.fixture
def chance() -> np.random.Generator:
    """A generator of the test's own, so that no other decides what it draws."""
    return np.random.default_rng(24)


def test_classifier_that_guesses_is_doubted_and_one_that_knows_is_not(chance):
    answers = chance.integers(0, 2, 400).tolist()
    known = score([0, 1], answers, answers)
    assert known.metrics == {"accuracy on the given table": 1.0} and known.doubt == ("", "")
    guessed = score([0, 1], chance.integers(0, 2, 400).tolist(), answers)
    assert guessed.metrics == {}
    with pytest.raises(DeployError) as refused:
        require_plausible("model.joblib", "table.csv", guessed)
    assert "always saying" in refused.value.reason and "--before scaler.joblib" in refused.value.advice
    assert "--anyway" in refused.value.advice


def test_one_label_for_all_is_no_better_than_itself():
    answers = [0] * 90 + [1] * 10
    assert score([0, 1], [0] * 100, answers).doubt[0].startswith("90 of 100 rows")
    assert not score([0, 1], [0] * 100, [0] * 100).doubt[0], "a table with one label tells nothing"


def test_labels_that_were_numbered_get_the_table_s_words(chance):
    answers = chance.choice(WORDS, 300).tolist()
    predictions = [WORDS.index(answer) for answer in answers]
    assert score([0, 1, 2], predictions, answers).words == WORDS
    assert score([0.0, 1.0, 2.0], [*map(float, predictions)], answers).words == WORDS
    assert "accuracy on the given table" in score([0, 1, 2], predictions, answers).metrics
    shuffled = chance.permutation(predictions).tolist()
    assert "--labels encoder.joblib" in score([0, 1, 2], shuffled, answers).doubt[1]


def test_blanks_at_a_label_s_ends_do_not_count(chance):
    answers = chance.choice(["high", "low"], 100).tolist()
    assert score([" high", " low"], [f" {answer}" for answer in answers], answers).metrics == {
        "accuracy on the given table": 1.0
    }


def test_numbers_of_another_scale_are_doubted(chance):
    prices = chance.uniform(60_000, 500_000, 200)
    assert score(None, prices.tolist(), prices.tolist()).metrics == {"r2 on the given table": 1.0}
    reason, cause = score(None, np.log(prices).tolist(), prices.tolist()).doubt
    assert "it answers 11" in reason and "where the table says" in reason and "a logarithm" in cause


def test_table_without_answers_is_no_measure():
    assert score(None, [1.0], [None]).metrics == {}
    assert score(None, [1.0, 2.0], ["a", "b"]).doubt[0] == "it answers numbers, and the table's column has texts"
