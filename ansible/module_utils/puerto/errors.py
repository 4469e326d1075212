"""The error that stops this program."""


class HostError(Exception):
    """Something can't be done; its text says what, why, and what to do.

    Args:
        text: for people.
        output: the whole of what a program printed, for the log.
    """

    def __init__(self, text: str, output: str = "") -> None:
        super().__init__(text)
        self.output = output
