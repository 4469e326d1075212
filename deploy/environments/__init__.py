"""The operator's environments: their inventories, their hosts' addresses, and playbooks run on them.

Runs before .venv exists: the standard library alone; Ansible is a program that it starts.
"""
