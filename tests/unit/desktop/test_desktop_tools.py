"""The agent's hands and eyes on the desktop, as far as they can be seen without one."""

from pathlib import Path

import pytest
from agentjob_runtime.session.messages import Message, Role, ToolCall, picture, user, with_recent_pictures
from agentjob_runtime.tools.display import KEPT, Display
from agentjob_runtime.tools.registry import FormatError, parse, schemas

NAMES = {"screenshot", "click", "type_text", "press_key"}
IMAGE = "data:image/png;base64,AAAA"


def _names(desktop: bool) -> set[str]:
    return {schema["function"]["name"] for schema in schemas(desktop=desktop)}


def test_the_tools_are_there_with_a_desktop_only() -> None:
    """A model that is told of tools that cannot work wastes steps."""
    assert _names(desktop=True) - _names(desktop=False) == NAMES


def test_without_a_desktop_a_call_is_an_unknown_tool() -> None:
    """Whatever the model remembers of a session that had one."""
    with pytest.raises(FormatError, match="no tool 'screenshot'"):
        parse(ToolCall(id="1", name="screenshot", arguments="{}"))


@pytest.mark.parametrize("keys", ["Return", "ctrl+s", "alt+F4", "ctrl+shift+Page_Down"])
def test_keys_are_names(keys: str) -> None:
    """As X calls them."""
    parse(ToolCall(id="1", name="press_key", arguments=f'{{"keys": "{keys}"}}'), desktop=True)


@pytest.mark.parametrize("keys", ["", "--help", "a b", "ctrl+", "$(x)"])
def test_anything_else_is_no_key(keys: str) -> None:
    """They become arguments of a program."""
    with pytest.raises(FormatError):
        parse(ToolCall(id="1", name="press_key", arguments=f'{{"keys": "{keys}"}}'), desktop=True)


def test_a_picture_is_sent_but_not_stored() -> None:
    """The session file would grow by a picture a step; the picture's own file stays."""
    message = picture("The screen", IMAGE)
    assert message.to_wire()["content"] == [
        {"type": "text", "text": "The screen"},
        {"type": "image_url", "image_url": {"url": IMAGE}},
    ]
    stored = Message.model_validate_json(message.model_dump_json())
    assert stored.to_wire() == {"role": "user", "content": "The screen"}


def test_only_the_latest_pictures_are_sent() -> None:
    """Each costs tokens with every request."""
    messages = [picture("1", IMAGE), user("text"), picture("2", IMAGE), picture("3", IMAGE)]
    assert [bool(message.image) for message in with_recent_pictures(messages, 2)] == [False, False, True, True]
    assert all(message.role is Role.USER for message in messages)


def test_screenshots_are_numbered_and_old_ones_removed(tmp_path: Path) -> None:
    """A run of thousands of steps does not fill the volume; a resumed one goes on counting."""
    display = Display(tmp_path / "X1", tmp_path / "auth", tmp_path / "screenshots")
    paths = [display.store(b"png") for _ in range(KEPT + 5)]
    assert paths[-1].name == f"{KEPT + 5:06}.png"
    assert len(list(display.folder.iterdir())) == KEPT
    assert paths[-1].exists()
