"""Shows a running AgentJob: its phases, then every step of the agent from the event stream in the pod's log."""

import json
import time
from collections.abc import Callable
from typing import Any

from agentjob_api.events import EventType
from agentjob_api.pod import Container
from agentjob_api.status import TERMINAL_PHASES
from rich.console import Console
from rich.markup import escape

from demo.shell import DemoError, Shell

POLL_SECONDS = 0.3
START_PATIENCE_SECONDS = 600
END_PATIENCE_SECONDS = 300
PHASE_STYLE = {"Pending": "yellow", "Running": "cyan", "Succeeded": "bold green", "Failed": "bold red"}


def follow(shell: Shell, name: str) -> dict[str, Any]:
    """Shows `name` until it ended and returns its last state. Raises `DemoError` when it takes too long."""
    job = _until(shell, name, START_PATIENCE_SECONDS, lambda phase: phase not in ("", "Pending"))
    pod = job["status"].get("podName")
    if pod and job["status"]["phase"] == "Running":
        _events(shell, pod)
    return _until(shell, name, END_PATIENCE_SECONDS, lambda phase: phase in TERMINAL_PHASES, _summary(job))


def _summary(job: dict[str, Any]) -> str:
    status = job.get("status", {})
    return f"{status.get('phase', '')} {status.get('reason', '')}".strip()


def _until(shell: Shell, name: str, patience: float, done: Callable[[str], bool], shown: str = "") -> dict[str, Any]:
    give_up = time.monotonic() + patience
    while time.monotonic() < give_up:
        job = shell.agentjob(name)
        status = job.get("status", {})
        line = _summary(job)
        if line and line != shown:
            style = PHASE_STYLE.get(status["phase"], "white")
            shell.console.print(f"  [{style}]{line}[/] [dim]{escape(status.get('message', ''))}[/]", highlight=False)
            shown = line
        if done(status.get("phase", "")):
            return job
        time.sleep(POLL_SECONDS)
    raise DemoError(
        f"{name} is still {shown or 'without a status'}; see: kubectl -n {shell.namespace} describe agj {name}"
    )


def _events(shell: Shell, pod: str) -> None:
    logs = shell.stream("logs", "-f", pod, "-c", Container.AGENT)
    if logs.stdout is None:
        raise DemoError("kubectl logs has no output")
    for line in logs.stdout:
        try:
            event = json.loads(line)
        except ValueError:
            shell.console.print(f"  [dim]{escape(line.rstrip())}[/]", highlight=False)
            continue
        show_event(shell.console, event)
    logs.wait()


def show_event(console: Console, event: dict[str, Any]) -> None:
    """One event as one or two lines for people; kinds that only machines need are left out."""
    line = _line(event)
    if line:
        console.print(line, highlight=False, no_wrap=event.get("type") != EventType.RESULT, overflow="ellipsis")


def _line(event: dict[str, Any]) -> str | None:
    match event.get("type"):
        case EventType.STEP:
            return f"  [bold cyan]step {event['step']}[/][dim]/{event['of']}[/]"
        case EventType.MESSAGE if event.get("role") == "assistant" and event.get("text"):
            return f"    [italic]{escape(_short(event['text'], 200))}[/]"
        case EventType.TOOL_CALL:
            return f"    [magenta]{event['name']}[/] {escape(_arguments(event['arguments']))}"
        case EventType.TOOL_RESULT:
            mark = "[green]ok[/]" if event["ok"] else "[red]failed[/]"
            return f"      {mark} [dim]{event['durationMs']} ms  {escape(_short(_last_line(event['output']), 140))}[/]"
        case EventType.RETRY | EventType.ERROR:
            return f"    [yellow]{event['type']}[/] {escape(_short(event.get('message', ''), 200))}"
        case EventType.RESULT:
            return f"  [bold]{event['verdict']}[/]: {escape(_short(event.get('message', ''), 300))}"
        case _:
            return None


def _arguments(arguments: dict[str, Any]) -> str:
    return _short("  ".join(f"{key}={_short(str(value), 70)}" for key, value in arguments.items()), 150)


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""


def _short(text: str, limit: int) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"
