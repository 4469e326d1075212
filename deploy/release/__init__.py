"""The working tree as one archive: what a release brings to a server.

Runs in .venv, where anything may be imported: it builds the models first.
"""
