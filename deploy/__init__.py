"""The operator's commands: ``python3 -m deploy <verb> [environment]``.

Only the standard library is used here, except in ``deploy.model`` (which runs inside ``.venv``), so that a
bare Python 3.11 can start it.
"""
