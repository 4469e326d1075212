"""Pictures of every page, to be looked at: ``.venv/bin/python -m tests.gallery [REGEX]``."""
