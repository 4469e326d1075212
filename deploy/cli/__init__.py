"""The command line: reads it, does what each command says, shows people what was done.

Runs before .venv exists: the standard library alone; what needs more is started by .venv's Python.
"""
