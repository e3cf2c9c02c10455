"""Why there is no workspace."""

from agentjob_api.reasons import Reason


class PrepareError(Exception):
    """A reason of the API and a sentence that says what to do; holds no credential."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason, self.message = reason, message
