"""The application's settings: the only reader of the environment."""

import difflib
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

ROOT = Path(__file__).resolve().parent.parent
SECRET_KEY_CHARACTERS = 32
SIMILARITY = 0.85
"""How similar an unknown name must be to a setting's to count as a misspelling, 0 to 1 (difflib)."""

OTHERS = ("GUNICORN_CMD_ARGS", "GUNICORN_FD", "GUNICORN_PID")
"""Names of other programs that resemble ours."""

HEAD = """\
# Every setting of the application, with its default. Generated: python3 -m deploy generate
# On a server the provisioning writes .env; on this machine, copy this file to .env to set other values.

# The file that Flask's own commands start (flask routes, flask shell), also through pipenv.
FLASK_APP=wsgi.py
"""


class SettingsError(Exception):
    """Settings that can't be used: a sentence per variable."""


class Settings(BaseModel):
    """Each setting once; its environment variable is its name in upper case."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, validate_default=True)

    app_environment: Annotated[
        Literal["development", "production"], Field(description="production requires a SECRET_KEY.")
    ] = "development"
    secret_key: Annotated[
        str,
        Field(
            description="Secret that signs sessions, 32 characters or more. In development: a new one at each start."
        ),
    ] = ""
    app_proxies: Annotated[
        int,
        Field(
            ge=0,
            le=8,
            description="How many reverse proxies are in front of the app; only their X-Forwarded-* is trusted.",
        ),
    ] = 0
    app_default_model: Annotated[
        str,
        Field(description="The model behind /modelo, /predict, /resultado and /invocations; empty: the first by name."),
    ] = "exam"
    app_max_body_kib: Annotated[
        int, Field(ge=1, description="Largest request body or uploaded table, KiB; a larger one gets 413.")
    ] = 10240
    app_max_rows: Annotated[int, Field(ge=1, description="Maximum rows in one JSON request; more get 413.")] = 10_000
    app_max_columns: Annotated[
        int, Field(ge=1, description="Maximum columns of a table, and tensors of a request; more are refused unread.")
    ] = 1000
    app_request_timeout: Annotated[
        int,
        Field(ge=1, description="Seconds that a request may take; a longer one is ended, with 503 where possible."),
    ] = 30
    app_cors_origins: Annotated[
        str, Field(description="Websites whose scripts may call the API, separated by spaces, or *; empty: none.")
    ] = ""
    app_frame_ancestors: Annotated[
        str, Field(description="Websites that may show the pages in a frame, separated by spaces; empty: none.")
    ] = ""
    app_bundles: Annotated[Path, Field(description="Folder of the built models.")] = Path("bundles")
    gunicorn_bind: Annotated[str, Field(min_length=1, description="host:port, or unix:/path/of/the.sock.")] = (
        "127.0.0.1:5000"
    )
    gunicorn_workers: Annotated[int, Field(ge=0, le=256, description="Worker processes; 0: one per core.")] = 0
    gunicorn_timeout: Annotated[
        int, Field(ge=1, description="Seconds until a frozen worker process is killed; does not end single requests.")
    ] = 30
    gunicorn_graceful_timeout: Annotated[
        int, Field(ge=1, description="Seconds that a stopping worker has to finish its requests.")
    ] = 30

    @field_validator("secret_key")
    @classmethod
    def _check_length(cls, secret: str, info: ValidationInfo) -> str:
        if info.data.get("app_environment") == "production" and len(secret) < SECRET_KEY_CHARACTERS:
            raise ValueError(
                f"production needs one of {SECRET_KEY_CHARACTERS} characters or more; "
                'make one: python3 -c "import secrets; print(secrets.token_hex(32))"'
            )
        return secret

    @property
    def bundles(self) -> Path:
        """The folder of the built models; a relative path starts at the folder of wsgi.py."""
        return ROOT / self.app_bundles


def load(environment: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings that an environment gives.

    Raises:
        SettingsError: a value can't be used, or a name looks like a misspelt setting.
    """
    sentences = [_misspelling(name) for name in environment]
    values = {name: environment[name.upper()] for name in Settings.model_fields if name.upper() in environment}
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        sentences += [_sentence(dict(details)) for details in error.errors()]
    if faults := [sentence for sentence in sentences if sentence]:
        raise SettingsError("\n".join(faults))
    return settings if settings.secret_key else settings.model_copy(update={"secret_key": secrets.token_hex(32)})


def example() -> str:
    """Return the text of .env.example."""
    lines = [
        f"\n# {field.description}\n{name.upper()}={field.default}\n" for name, field in Settings.model_fields.items()
    ]
    return HEAD + "".join(lines)


def _misspelling(name: str) -> str:
    known = [field.upper() for field in Settings.model_fields]
    if name in known or name in OTHERS or name.startswith("FLASK_"):
        return ""
    matches = difflib.get_close_matches(name, known, n=1, cutoff=SIMILARITY)
    return f"{name}: is not a setting; did you mean {matches[0]}?" if matches else ""


def _sentence(details: dict[str, object]) -> str:
    place, message = details["loc"], str(details["msg"]).removeprefix("Value error, ")
    name = str(place[0]).upper() if isinstance(place, tuple) and place else ""
    if details["type"] == "value_error":  # our own sentence, complete; the value may be the secret
        return f"{name}: {message}"
    return f"{name}: {message[0].lower()}{message[1:]}, not {details['input']!r}; see .env.example" if name else message
