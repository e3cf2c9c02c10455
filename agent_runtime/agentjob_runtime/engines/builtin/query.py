"""Asks the model, after making the conversation fit, and again when the provider finds fault with it."""

from agentjob_api.events import EventType
from agentjob_api.reasons import Reason

from agentjob_runtime.common.outcome import RunEnded
from agentjob_runtime.engines.builtin.conversation import Conversation
from agentjob_runtime.engines.builtin.reply import Reply
from agentjob_runtime.engines.builtin.retry import ContextTooLongError, MalformedHistoryError, RetryingModel
from agentjob_runtime.engines.builtin.settings import EngineSettings
from agentjob_runtime.events.writer import EventWriter


class Query:
    """One reply for the conversation as it stands."""

    def __init__(
        self, model: RetryingModel, conversation: Conversation, settings: EngineSettings, events: EventWriter
    ) -> None:
        self._model = model
        self._conversation = conversation
        self._settings = settings
        self._events = events
        self._input_tokens = 0
        self._output_tokens = 0

    def ask(self) -> Reply:
        """The model's reply. Raises `RunEnded`: CONTEXT_OVERFLOW, MODEL_REFUSED, or as `RetryingModel.complete`."""
        self._compact_if_near()
        compactions, repaired = 0, False
        while True:
            try:
                reply = self._model.complete(self._conversation.messages)
                break
            except ContextTooLongError as error:
                compactions += 1
                self._compact_hard(compactions, str(error))
            except MalformedHistoryError as error:
                if repaired or not self._conversation.repair():
                    text = f"The model's endpoint finds the conversation malformed: {error}"
                    raise RunEnded.crash(Reason.MODEL_REFUSED, text) from error
                repaired = True
                self._say("The provider found the conversation malformed; it was repaired.")
        self._count(reply)
        if reply.finish_reason == "content_filter":
            raise RunEnded.crash(Reason.MODEL_REFUSED, "The content filter of the model's provider stopped the reply.")
        return reply

    def _compact_if_near(self) -> None:
        budget = self._settings.context_tokens
        if self._conversation.tokens() > budget * self._settings.compact_at:
            self._compact(int(budget * self._settings.compact_to), self._settings.keep_recent)

    def _compact_hard(self, number: int, message: str) -> None:
        """The provider's limit is lower than thought: each try aims at half of what there is and keeps fewer steps."""
        shorter = self._compact(self._conversation.tokens() // 2, self._settings.keep_recent // 2**number)
        if number > self._settings.compactions_per_call or not shorter:
            text = f"The conversation does not fit the model's context even after compaction: {message}"
            raise RunEnded.crash(Reason.CONTEXT_OVERFLOW, text)

    def _compact(self, target: int, keep_recent: int) -> bool:
        before = self._conversation.tokens()
        shorter = self._conversation.compact(target, keep_recent)
        after = self._conversation.tokens()
        if not shorter:
            return False
        self._say(f"The conversation was compacted from about {before:,} to about {after:,} tokens.")
        return True

    def _say(self, text: str) -> None:
        self._events.emit(EventType.MESSAGE, role="user", text=f"[{text}]")

    def _count(self, reply: Reply) -> None:
        if reply.usage is None:
            return
        self._conversation.calibrate(reply.usage)
        self._input_tokens += reply.usage.prompt_tokens
        self._output_tokens += reply.usage.completion_tokens
        self._events.emit(
            EventType.USAGE,
            inputTokens=reply.usage.prompt_tokens,
            outputTokens=reply.usage.completion_tokens,
            totalInputTokens=self._input_tokens,
            totalOutputTokens=self._output_tokens,
        )
