"""Errors of tools:

ToolError           the call failed; its text is the result that the model gets (an `OSError` is reported the same way)
  StartError        a command could not be started
"""


class ToolError(Exception):
    """The tool refuses or failed; the text says what to do instead."""


class StartError(ToolError):
    """The command could not be started: not there, too long, or no process is left."""
