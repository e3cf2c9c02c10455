"""`finish`."""

from typing import ClassVar

from pydantic import Field

from agentjob_runtime.tools.base import Tool, ToolContext, ToolOutput, Verdict


class Finish(Tool):
    """End the job with your verdict. Call it once, alone, when the task is done and checked, or when it cannot be done.
    Nothing runs after it.
    """

    name: ClassVar[str] = "finish"
    success: bool = Field(description="True only if the task is done and you have seen that it works.")
    summary: str = Field(description="For the user: what was done and how it was checked, or why it could not be done.")

    def run(self, context: ToolContext) -> ToolOutput:
        """Never fails."""
        context.verdict = Verdict(self.success, self.summary)
        return ToolOutput("The job ends with this verdict.")
