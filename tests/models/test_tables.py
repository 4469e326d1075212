"""People's tables as they are: added with a model, uploaded with the same bytes, posted as JSON, answered alike."""

import pytest

from deploy.models.json_values import json_value
from tests.models.one_reader import added, answered, predictions
from tests.models.tables import Case, cases
from tests.models.test_one_reader import alike


@pytest.fixture(scope="module")
def every() -> dict[str, Case]:
    return cases()


NAMES = (
    "thousands", "empty lines", "a date with points", "codes", "None", "blanks, an index and an id", "names",
    "blanks after commas", "wine", "cancer", "diabetes",
)  # fmt: skip


def test_list_of_names_is_complete(every):
    assert {*every} == {*NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_answers_are_those_of_scikit_learn(every, name):
    case = every[name]
    model = added(case.estimator, case.data, case.target)
    rows = answered(model, case.data)
    column = [key for key in rows[0] if key.startswith("prediction")][-1]
    assert alike(predictions(rows, column), case.answers)
    posted = [{key: json_value(value) for key, value in row.items()} for row in case.rows.to_dict("records")]
    values = [item.value for item in model.predict([model.validator.typed(row) for row in posted])]
    assert alike(values, case.answers)
