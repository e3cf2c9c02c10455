"""Keeps file tools inside the workspace, the home folder and /tmp. Not a sandbox (the shell is there): it stops mistakes."""

import os
from collections.abc import Iterable
from pathlib import Path

from agentjob_runtime.tools.base import ToolContext
from agentjob_runtime.tools.errors import ToolError


def _inside(path: Path, roots: Iterable[Path]) -> bool:
    return any(path.is_relative_to(root) for root in roots)


def _lexical(context: ToolContext, path: str) -> Path:
    """Absolute and without `..`; relative paths start at the workspace, `~` is the home folder."""
    if path == "~" or path.startswith("~/"):
        return Path(os.path.normpath(context.home / path[2:]))
    return Path(os.path.normpath(context.workspace / path))


def _refusal(context: ToolContext, path: str) -> ToolError:
    return ToolError(f"{path} is outside of {', '.join(str(root) for root in context.roots)}: use a path in there")


def readable(context: ToolContext, path: str) -> Path:
    """The path to read. A link may lead outside. Raises `ToolError`."""
    found = _lexical(context, path)
    if not _inside(found, (*context.roots, *context.readable)):
        raise _refusal(context, path)
    return found


def writable(context: ToolContext, path: str) -> Path:
    """The real path to write, all links followed. Raises `ToolError` when it lies outside, whatever the path looks like."""
    found = _lexical(context, path)
    real = Path(os.path.realpath(found))
    if not _inside(found, context.roots) or not _inside(real, [Path(os.path.realpath(root)) for root in context.roots]):
        raise _refusal(context, path)
    return real
