"""The command line's own reading."""

import pytest

from deploy import verbs
from deploy.errors import DeployError


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ([], ("", "local")),
        (["production"], ("", "production")),
        (["0123456789ab"], ("0123456789ab", "local")),
        (["production", "0123"], ("0123", "production")),
        (["0123", "production"], ("0123", "production")),
    ],
)
def test_rollback_takes_a_release_an_environment_or_both(words, found):
    assert verbs.number_and_environment(words) == found


@pytest.mark.parametrize("words", [["0123", "4567"], ["staging", "production"]])
def test_rollback_takes_one_of_each(words):
    with pytest.raises(DeployError, match="rollback takes one release and one environment"):
        verbs.number_and_environment(words)
