"""One model call: the conversation goes out, a whole reply comes back, or an error."""

import ssl
import uuid
from collections.abc import Iterator, Sequence
from typing import Any

import openai

from agentjob_runtime.common.stop import Stop
from agentjob_runtime.engines.builtin.reply import IncompleteReplyError, Reply, ReplyBuilder
from agentjob_runtime.engines.builtin.settings import EngineSettings
from agentjob_runtime.session.messages import Message, with_recent_pictures


def _fresh_ids() -> Iterator[str]:
    while True:
        yield f"call_{uuid.uuid4().hex[:24]}"


class ModelClient:
    """Chat Completions, streamed, through model-proxy. Retries nothing."""

    def __init__(self, model: str, tools: Sequence[dict[str, Any]], settings: EngineSettings, stop: Stop) -> None:
        self._model = model
        self._tools = tools
        self._settings = settings
        self._stop = stop
        self._client = openai.OpenAI(
            base_url=settings.base_url,
            api_key="unused",
            max_retries=0,
            # The proxy is in this pod: a proxy of the job's `env` must not come between, and no authority is needed.
            http_client=openai.DefaultHttpxClient(trust_env=False, verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)),
        )

    def complete(self, messages: Sequence[Message]) -> Reply:
        """The model's reply. Raises `openai.OpenAIError`, `IncompleteReplyError`, `ValueError` (not JSON) or `RunEnded`."""
        with self._stop.interruptible():
            return self._stream(messages)

    def _timeout(self) -> openai.Timeout:
        """Silence is borne until the job's deadline at most."""
        left = max(1.0, self._stop.remaining())
        return openai.Timeout(
            connect=min(self._settings.connect_seconds, left),
            read=min(self._settings.read_seconds, left),
            write=min(60.0, left),
            pool=5.0,
        )

    def _stream(self, messages: Sequence[Message]) -> Reply:
        request: dict[str, Any] = {
            "model": self._model,
            "messages": [message.to_wire() for message in with_recent_pictures(messages, self._settings.pictures)],
            "tools": list(self._tools),
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        builder = ReplyBuilder(self._settings.reply_characters)
        with self._client.chat.completions.create(**request, timeout=self._timeout()) as stream:
            for chunk in stream:
                self._stop.check()
                if not isinstance(chunk, openai.BaseModel):
                    raise IncompleteReplyError("the model's endpoint sent something that is not a chat completion")
                builder.add(chunk.to_dict(mode="json", warnings=False))
        return builder.build(_fresh_ids())

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()
