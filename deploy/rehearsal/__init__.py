"""Hosts on this machine, booted by podman, that are like a fresh server.

Runs before .venv exists: the standard library alone; guest_setup runs inside the host.
"""
