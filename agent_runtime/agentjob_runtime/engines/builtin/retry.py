"""Calls the model again when that can help, and says what else must happen.

ContextTooLongError       the conversation must be compacted first
MalformedHistoryError     the conversation must be repaired first
RunEnded                  nothing helps
"""

import random
import time
from collections.abc import Sequence

import openai
from agentjob_api.events import EventType
from agentjob_api.reasons import Reason

from agentjob_runtime.common.outcome import RunEnded
from agentjob_runtime.common.stop import Stop
from agentjob_runtime.engines.builtin.client import ModelClient
from agentjob_runtime.engines.builtin.failures import Failure, FailureClass, classify
from agentjob_runtime.engines.builtin.reply import IncompleteReplyError, Reply
from agentjob_runtime.engines.builtin.settings import EngineSettings
from agentjob_runtime.events.writer import EventWriter
from agentjob_runtime.session.messages import Message


class ContextTooLongError(Exception):
    """The provider finds the conversation too long."""


class MalformedHistoryError(Exception):
    """The provider finds the conversation not well-formed."""


def delay(failure: Failure, tries: int, settings: EngineSettings) -> float:
    """Seconds before the next try after `tries` failed ones: what the provider asks for, else exponential; capped."""
    if failure.retry_after is not None:
        return min(failure.retry_after, settings.backoff_cap_seconds)
    exponential = settings.backoff_seconds * 2.0 ** min(tries - 1, 16)
    return min(exponential, settings.backoff_cap_seconds) * random.uniform(0.75, 1.25)


class RetryingModel:
    """`ModelClient` with patience."""

    def __init__(self, client: ModelClient, settings: EngineSettings, stop: Stop, events: EventWriter) -> None:
        self._client = client
        self._settings = settings
        self._stop = stop
        self._events = events
        self._first_call: float | None = None
        self._answered = False

    def complete(self, messages: Sequence[Message]) -> Reply:
        """The model's reply. Raises one of this module's errors, or `RunEnded`."""
        self._first_call = self._first_call or time.monotonic()
        failed = 0
        while True:
            try:
                reply = self._client.complete(messages)
                self._answered = True
                return reply
            except (openai.OpenAIError, IncompleteReplyError, ValueError) as error:
                self._stop.check()  # the client turns the end of the run, raised inside it, into an error of its own
                failure = classify(error)
            self._answered = self._answered or failure.kind is not FailureClass.CONNECT
            self._give_up_if_final(failure)
            if self._is_starting():
                self._pause(failure, 0, min(1.0, self._settings.backoff_seconds))
                continue
            failed += 1
            if failed >= self._settings.tries:
                raise RunEnded.crash(
                    Reason.MODEL_UNAVAILABLE,
                    f"The model's endpoint failed {failed} times in a row, at last: {failure.message}",
                )
            self._pause(failure, failed, delay(failure, failed, self._settings))

    def _is_starting(self) -> bool:
        """Nobody has answered yet and the proxy may still come up: tries do not count."""
        waited = time.monotonic() - (self._first_call or 0)
        return not self._answered and waited < self._settings.startup_seconds

    def _pause(self, failure: Failure, failed: int, seconds: float) -> None:
        self._events.emit(
            EventType.RETRY,
            reason=str(failure.kind),
            message=failure.message,
            **{"try": failed, "of": self._settings.tries},
            afterSeconds=round(seconds, 3),
        )
        self._stop.wait(seconds)

    @staticmethod
    def _give_up_if_final(failure: Failure) -> None:
        match failure.kind:
            case FailureClass.CONTEXT:
                raise ContextTooLongError(failure.message)
            case FailureClass.HISTORY:
                raise MalformedHistoryError(failure.message)
            case FailureClass.AUTH:
                raise RunEnded.crash(
                    Reason.MODEL_UNAUTHORIZED, f"The model's endpoint refused the key: {failure.message}"
                )
            case FailureClass.POLICY:
                raise RunEnded.crash(
                    Reason.MODEL_REFUSED, f"The model's endpoint refused the request: {failure.message}"
                )
            case FailureClass.LIMIT:
                raise RunEnded.limit(failure.reason or Reason.TOKEN_LIMIT, failure.message)
            case FailureClass.RETRY | FailureClass.CONNECT:
                return
