"""Failures that a person can put right."""


class DeployError(Exception):
    """A failure with its reason in one sentence and, where there is one, what to do next.

    Args:
        reason: where and what, e.g. ``production: 203.0.113.7 does not answer on port 22``.
        advice: what to do next, a sentence.
        status: the exit status of the command.
    """

    def __init__(self, reason: str, advice: str = "", status: int = 1) -> None:
        super().__init__(reason)
        self.reason = reason
        self.advice = advice
        self.status = status
