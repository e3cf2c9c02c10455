"""Why there is no workspace."""

from agentjob_api.reasons import Reason


class PrepareError(Exception):
    """A reason of the API and a sentence, to which the operator adds what to do about the reason. Holds no credential."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason, self.message = reason, message
