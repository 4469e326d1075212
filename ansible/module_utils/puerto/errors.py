"""What stops this program."""


class HostError(Exception):
    """Something can't be done: what, why, what to do."""
