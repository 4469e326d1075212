"""The models: a stranger's file or a train.py becomes a bundle that answers as scikit-learn does.

Runs in .venv, where anything may be imported.
"""
