"""The application for WSGI servers: ``gunicorn --config python:app.gunicorn_conf wsgi:app``."""

import sys

from app import create_app
from app.hooks import HookError
from app.model import BundleError
from app.settings import SettingsError

try:
    app = create_app()
except (SettingsError, BundleError, HookError) as error:
    sys.exit(str(error))
