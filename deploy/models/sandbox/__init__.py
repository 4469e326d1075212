"""Opens a stranger's model file where it can do no harm: bubblewrap, the channel to its process, what may come out.

Runs in .venv; the worker runs inside the sandbox, by the same Python.
"""
