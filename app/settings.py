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
LIKE = 0.85
"""How alike an unknown name must be to a setting's to be taken for a slip of the pen, 0 to 1 (difflib)."""

OTHERS = ("GUNICORN_CMD_ARGS", "GUNICORN_FD", "GUNICORN_PID")
"""Names that are not ours but look like it."""

HEAD = """\
# Every setting of the application, with its default. Generated: python3 -m deploy generate
# On a server the provisioning writes .env; for work on this machine copy this file to .env for other values.

# Which file Flask's and pipenv's own commands start (flask routes, flask shell).
FLASK_APP=wsgi.py
"""


class SettingsError(Exception):
    """Settings that can't be used: a sentence per variable."""


class Settings(BaseModel):
    """Each setting once; its environment variable is its name in upper case."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, validate_default=True)

    app_environment: Annotated[
        Literal["development", "production"], Field(description="production asks for a SECRET_KEY.")
    ] = "development"
    secret_key: Annotated[
        str, Field(description="Signs sessions: 32 characters or more, secret. In development: a new one per start.")
    ] = ""
    app_proxies: Annotated[
        int,
        Field(ge=0, le=8, description="How many reverse proxies stand before the app; their X-Forwarded-* counts."),
    ] = 0
    app_default_model: Annotated[
        str, Field(description="The model that /modelo and /invocations answer with; empty: the first by name.")
    ] = "exam"
    app_max_body_kib: Annotated[
        int, Field(ge=1, description="Largest request body or uploaded table, KiB; a larger one gets 413.")
    ] = 10240
    app_max_rows: Annotated[int, Field(ge=1, description="Most rows in one JSON request; more get 413.")] = 10_000
    app_max_columns: Annotated[
        int, Field(ge=1, description="Most columns of a table, and tensors of a request; more are refused unread.")
    ] = 1000
    app_request_timeout: Annotated[
        int,
        Field(ge=1, description="Seconds that a request may take; an older one is ended, with 503 where that can be."),
    ] = 30
    app_cors_origins: Annotated[
        str, Field(description="Web sites whose scripts may call the API, separated by spaces, or *; empty: none.")
    ] = ""
    app_bundles: Annotated[Path, Field(description="Folder of the built models.")] = Path("bundles")
    gunicorn_bind: Annotated[str, Field(min_length=1, description="host:port, or unix:/path/of/the.sock.")] = (
        "127.0.0.1:5000"
    )
    gunicorn_workers: Annotated[int, Field(ge=0, le=256, description="Worker processes; 0: one per core.")] = 0
    gunicorn_timeout: Annotated[
        int, Field(ge=1, description="Seconds until a worker process that stands still is killed; ends no request.")
    ] = 30
    gunicorn_graceful_timeout: Annotated[
        int, Field(ge=1, description="Seconds that a stopping worker has to end its requests.")
    ] = 30

    @field_validator("secret_key")
    @classmethod
    def _is_long_enough(cls, secret: str, others: ValidationInfo) -> str:
        if others.data.get("app_environment") == "production" and len(secret) < SECRET_KEY_CHARACTERS:
            raise ValueError(f"production needs one of {SECRET_KEY_CHARACTERS} characters or more; "
                             'make one: python3 -c "import secrets; print(secrets.token_hex(32))"')  # fmt: skip
        return secret

    @property
    def bundles(self) -> Path:
        """The folder of the built models; a relative path counts from wsgi.py."""
        return ROOT / self.app_bundles


def load(environment: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings that an environment gives.

    Raises:
        SettingsError: a value can't be used, or a name looks like a misspelt setting.
    """
    misspelt = [_misspelling(name) for name in environment]
    given = {name: environment[name.upper()] for name in Settings.model_fields if name.upper() in environment}
    try:
        settings = Settings.model_validate(given)
    except ValidationError as fault:
        misspelt += [_sentence(dict(error)) for error in fault.errors()]
    if faults := [sentence for sentence in misspelt if sentence]:
        raise SettingsError("\n".join(faults))
    return settings if settings.secret_key else settings.model_copy(update={"secret_key": secrets.token_hex(32)})


def example() -> str:
    """Return the text of .env.example."""
    parts = [f"\n# {field.description}\n{name.upper()}={field.default}\n"
             for name, field in Settings.model_fields.items()]  # fmt: skip
    return HEAD + "".join(parts)


def _misspelling(name: str) -> str:
    known = [field.upper() for field in Settings.model_fields]
    if name in known or name in OTHERS or name.startswith("FLASK_"):
        return ""
    near = difflib.get_close_matches(name, known, n=1, cutoff=LIKE)
    return f"{name}: is no setting; did you mean {near[0]}?" if near else ""


def _sentence(error: dict[str, object]) -> str:
    place, message = error["loc"], str(error["msg"]).removeprefix("Value error, ")
    name = str(place[0]).upper() if isinstance(place, tuple) and place else ""
    if error["type"] == "value_error":  # our own sentence, complete; the value may be the secret
        return f"{name}: {message}"
    return f"{name}: {message[0].lower()}{message[1:]}, not {error['input']!r}; see .env.example" if name else message
