"""Where a conversation stands, read from nothing but its messages: a hundred jobs can run at once, and none is remembered.

The ids of tool calls carry the turn (`call_3_0`), so a conversation whose beginning was compacted away goes on at the
right turn. A reply without tool calls counts by its place after the last one with. A summary carries `[scripted turn 3]`.
"""

import hashlib
import re
from typing import Any, Final

_ID: Final = re.compile(r"call_(?P<turn>\d{1,6})_(?P<number>\d{1,4})(?P<fault>_fault\d*)?")
_PNG: Final = "data:image/png;base64,iVBORw0KGgo"
"""With the signature that every PNG file begins with."""
_MARK: Final = re.compile(r"\[scripted turn (-?\d{1,6})\]")


def call_id(turn: int, number: int) -> str:
    """The id of a turn's call."""
    return f"call_{turn}_{number}"


def fault_id(turn: int, count: int) -> str:
    """The id of a call that a fault made: it is known, and the turn is still due after it."""
    return f"call_{turn}_0_fault{count}"


def parse_id(text: str) -> tuple[int, int, bool] | None:
    """Turn, number and whether a fault made it; None for an id that is not ours."""
    match = _ID.fullmatch(text)
    return (int(match["turn"]), int(match["number"]), bool(match["fault"])) if match else None


def mark(turn: int) -> str:
    """What a summary says of the last turn that was taken."""
    return f"[scripted turn {turn}]"


def next_turn(messages: list[dict[str, Any]]) -> int:
    """The turn that is due."""
    last = -1
    for message in messages:
        told = [*_marks(message), *_turns(message)]
        last = max([last, *told])
        if message["role"] == "assistant" and not message.get("tool_calls") and not told:
            # An empty reply is a fault's, and no turn.
            last += bool(content_text(message.get("content")))
    return last + 1


def user_texts(messages: list[dict[str, Any]]) -> list[str]:
    """The texts of the user's messages."""
    return [content_text(message.get("content")) for message in messages if message["role"] == "user"]


def last_results(messages: list[dict[str, Any]]) -> list[str]:
    """The results of the last assistant message's calls, in order."""
    results: list[str] = []
    for message in reversed(messages):
        if message["role"] == "assistant":
            break
        if message["role"] == "tool":
            results.insert(0, content_text(message.get("content")))
    return results


def last_pictures(messages: list[dict[str, Any]]) -> int:
    """How many PNG files came as images after the last assistant message."""
    last = max((n for n, message in enumerate(messages) if message["role"] == "assistant"), default=-1)
    contents = [message.get("content") for message in messages[last + 1 :]]
    parts = [part for content in contents if isinstance(content, list) for part in content if isinstance(part, dict)]
    urls = [str((part.get("image_url") or {}).get("url", "")) for part in parts if part.get("type") == "image_url"]
    return sum(url.startswith(_PNG) for url in urls)


def conversation_key(messages: list[dict[str, Any]]) -> str:
    """The same for all requests of a conversation that keeps its system message and its first user message."""
    first = [next((m for m in messages if m["role"] == role), {}) for role in ("system", "user")]
    text = "\0".join(content_text(message.get("content")) for message in first)
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:16]


def content_text(content: object) -> str:
    """The text of a message's content, a string or a list of parts."""
    if isinstance(content, list):
        return "\n".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def _turns(message: dict[str, Any]) -> list[int]:
    ids = (parse_id(call["id"]) for call in message.get("tool_calls") or [])
    return [turn for turn, _, fault in filter(None, ids) if not fault]


def _marks(message: dict[str, Any]) -> list[int]:
    """A tool's result may hold anything, a mark in it means nothing."""
    if message["role"] == "tool":
        return []
    return [int(number) for number in _MARK.findall(content_text(message.get("content")))]
