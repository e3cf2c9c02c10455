"""Every script that ships calls the agent's real tools with arguments that they take."""

from pathlib import Path

import pytest
import yaml
from agentjob_runtime.scripted_model.library import SHIPPED, Library, NoScriptError
from agentjob_runtime.scripted_model.script import Script
from agentjob_runtime.tools.registry import DESKTOP_TOOLS, TOOLS

BLOCKS = {
    "repo-edit": {"search": "x", "path": "a.py", "old": "x", "new": "y", "test": "pytest"},
    "sleep": {"seconds": 1},
}
TASK_ONLY = {"inline", "examples"}
EXAMPLES = sorted((Path(__file__).parents[3] / "manifests" / "examples").glob("*.yaml"))


def shipped(name: str) -> Script:
    """The script, with the parameters that it needs."""
    block = f"```script\n{yaml.safe_dump({'params': BLOCKS.get(name, {})})}```\n"
    return Library().find(name, [f"Do it.\n{block}"])


@pytest.mark.parametrize("name", [name for name in Library().names() if name not in TASK_ONLY])
def test_calls_fit_the_tools(name: str) -> None:
    """A misspelled argument would only show on the cluster."""
    tools = {tool.name: tool for tool in (*TOOLS, *DESKTOP_TOOLS)}
    for turn in shipped(name).turns:
        for call in turn.tool_calls:
            tools[call.name].model_validate(call.arguments)


@pytest.mark.parametrize("name", [name for name in Library().names() if name not in TASK_ONLY])
def test_script_ends_with_finish(name: str) -> None:
    """A script without an end would end the job with an error of the script's."""
    last = shipped(name).turns[-1]
    assert [call.name for call in last.tool_calls] == ["finish"]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_has_a_script_of_its_name(example: Path) -> None:
    """The model `examples` finds it by the task, as the agent sends it, and no other script fits."""
    task = yaml.safe_load(example.read_text())["spec"]["task"]
    assert Library().find("examples", ["You are an agent.", f"{task}\n\n---\nadvice"]) == shipped(example.stem)
    tasks = [yaml.safe_load(path.read_text()).get("task", "").strip() for path in SHIPPED.glob("*.yaml")]
    assert [each for each in tasks if each and each in task] == [task.strip()]


def test_a_task_without_a_script_is_told_so() -> None:
    """A person who applies a task of their own to the demo must learn that nobody thinks there."""
    with pytest.raises(NoScriptError, match="use a real model"):
        Library().find("examples", ["Write a novel."])


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yaml")), ids=lambda path: path.stem)
def test_script_says_what_it_is(path: Path) -> None:
    """The first line is what somebody looking for a script reads."""
    assert path.read_text().startswith("description: ")


def test_todo_app_is_what_the_demo_shows() -> None:
    """Several steps, a failing test before the edit, a passing one after it, and the server answers."""
    turns = shipped("todo-app").turns
    names = [call.name for turn in turns for call in turn.tool_calls]
    assert 10 <= len(turns) <= 16
    assert names.index("test_code") < names.index("edit_file") < len(names) - 1 - names[::-1].index("test_code")
    expected = [expectation for turn in turns for expectation in turn.expect]
    assert {expectation.exit_code for expectation in expected} >= {0, 1}
