"""The error that stops this program."""


class HostError(Exception):
    """Something can't be done; its text says what, why, and what to do."""
