"""Everything in the checkout that is generated: python3 -m deploy generate.

Runs in .venv, where anything may be imported; requirements alone is asked before it exists, of the standard library.
"""
