"""The messages that the model is sent, kept in step with the session file."""

from collections.abc import Sequence

from agentjob_runtime.engines.builtin.compaction import compact, size
from agentjob_runtime.engines.builtin.reply import Usage
from agentjob_runtime.session.messages import Message
from agentjob_runtime.session.repair import repair
from agentjob_runtime.session.store import SessionStore

TOKENS_PER_CHARACTER = 0.3
"""Until the provider has told: source code and JSON have three to four characters a token."""


class Conversation:
    """Appends to memory and file alike; knows about how many tokens it has."""

    def __init__(self, store: SessionStore, overhead: int) -> None:
        self._store = store
        self._overhead = overhead
        self._tokens_per_character = TOKENS_PER_CHARACTER
        self.messages: list[Message] = list(store.loaded.messages)

    def append(self, *messages: Message) -> None:
        """At the end."""
        for message in messages:
            self.messages.append(message)
            self._store.append(message)

    def sync(self) -> None:
        """Waits until the file is on disk."""
        self._store.sync()

    def tokens(self) -> int:
        """About how many tokens the next request has."""
        return int((size(self.messages) + self._overhead) * self._tokens_per_character)

    def calibrate(self, usage: Usage) -> None:
        """Learns the tokens per character from what the provider counted for the messages as they are now."""
        characters = size(self.messages) + self._overhead
        if usage.prompt_tokens > 0 and characters > 0:
            self._tokens_per_character = min(2.0, max(0.1, usage.prompt_tokens / characters))

    def compact(self, target_tokens: int, keep_recent: int) -> bool:
        """Makes it fit about `target_tokens`; False when it did not get shorter."""
        target = int(target_tokens / self._tokens_per_character) - self._overhead
        shorter = compact(self.messages, target, keep_recent)
        if size(shorter) >= size(self.messages):
            return False
        self._replace(shorter)
        return True

    def repair(self) -> bool:
        """Makes it well-formed; False when it is already."""
        repaired = repair(self.messages)
        if repaired == self.messages:
            return False
        self._replace(repaired)
        return True

    def _replace(self, messages: Sequence[Message]) -> None:
        self.messages = list(messages)
        self._store.replace(self.messages)
        self._store.sync()
