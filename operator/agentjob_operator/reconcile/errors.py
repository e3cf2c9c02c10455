"""Errors of a reconcile that say what happens next. Any other exception is retried with backoff and jitter."""


class Stalled(Exception):  # noqa: N818 - a state
    """Nothing can be done until a person changes something: no retry; the next event or resync tries again."""


class Waiting(Exception):  # noqa: N818 - a state
    """What is needed is not there yet: again after `seconds`, without backoff."""

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds
