"""Settings: each wrong environment and its sentence."""

import pytest

from app import settings

SECRET = "s" * 32


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"APP_ENVIRONMENT": "production"}, "SECRET_KEY: production needs one of 32 characters or more"),
        ({"APP_ENVIRONMENT": "production", "SECRET_KEY": " " * 40}, "SECRET_KEY: production needs one"),
        ({"GUNICORN_BIND": ""}, "GUNICORN_BIND: string should have at least 1 character"),
        ({"APP_ENVIRONMENT": "prod"}, "APP_ENVIRONMENT: input should be 'development' or 'production', not 'prod'"),
        ({"GUNICORN_WORKERS": "many"}, "GUNICORN_WORKERS: input should be a valid integer"),
        ({"GUNICORN_TIMEOUT": "0"}, "GUNICORN_TIMEOUT: input should be greater than or equal to 1, not '0'"),
        ({"GUNICORN_WORKER": "2"}, "GUNICORN_WORKER: is not a setting; did you mean GUNICORN_WORKERS?"),
        ({"APP_ENVIROMENT": "production"}, "APP_ENVIROMENT: is not a setting; did you mean APP_ENVIRONMENT?"),
    ],
)
def test_wrong_environment_is_refused_in_a_sentence(environment, sentence):
    with pytest.raises(settings.SettingsError) as refusal:
        settings.load(environment)
    assert sentence in str(refusal.value)


def test_all_faults_are_reported_at_once():
    with pytest.raises(settings.SettingsError) as refusal:
        settings.load({"GUNICORN_WORKERS": "x", "GUNICORN_TIMEOUT": "y", "SECRET_KEI": SECRET})
    assert len(str(refusal.value).splitlines()) == 3


def test_short_secret_is_reported_beside_other_faults_and_not_repeated():
    with pytest.raises(settings.SettingsError) as refusal:
        settings.load({"APP_ENVIRONMENT": "production", "SECRET_KEY": "hunter2", "GUNICORN_TIMEOUT": "y"})
    assert len(str(refusal.value).splitlines()) == 2
    assert "hunter2" not in str(refusal.value)


def test_other_programs_names_are_ignored():
    settings.load({"GUNICORN_CMD_ARGS": "--reload", "FLASK_DEBUG": "1", "PATH": "/bin", "APPDATA": "x"})


def test_development_has_a_new_secret_at_each_start():
    first, second = settings.load({}), settings.load({})
    assert len(first.secret_key) >= settings.SECRET_KEY_CHARACTERS
    assert first.secret_key != second.secret_key
