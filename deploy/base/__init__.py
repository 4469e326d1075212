"""The ground of the commands: where things are, errors, locks, the screen, and what this machine must have.

Runs before .venv exists: the standard library alone, and nothing of the rooms above.
"""
