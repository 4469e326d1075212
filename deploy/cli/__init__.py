"""The command line: reads it, does what each verb says, tells people what was done.

Runs before .venv exists: the standard library alone; what needs more is started by .venv's Python.
"""
