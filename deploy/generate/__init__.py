"""Everything in the checkout that is generated: python3 -m deploy generate.

Runs in .venv, where anything may be imported; only requirements is needed before it exists: the standard library alone.
"""
