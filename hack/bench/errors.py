"""What ends a benchmark."""


class BenchError(Exception):
    """A figure could not be taken; the message says what did not happen."""
