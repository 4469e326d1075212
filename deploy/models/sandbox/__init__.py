"""Opens a stranger's model file where it can do no harm: walls, the conversation through them, what may come out.

Runs in .venv; the worker runs inside the walls, by the same Python.
"""
