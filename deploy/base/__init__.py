"""The foundation of the commands: paths, errors, locks, the screen, and what this machine must have.

Runs before .venv exists: the standard library alone, and nothing from the rooms above.
"""
