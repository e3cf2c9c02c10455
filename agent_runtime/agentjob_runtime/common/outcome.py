"""How a run ends. One exception carries the end through whatever is going on:

RunEnded            the run is over, with an `Outcome`; raised anywhere, caught once, by the entry point
"""

from dataclasses import dataclass
from typing import Self

from agentjob_api.pod import ExitCode
from agentjob_api.reasons import Reason
from agentjob_api.report import Verdict

EXIT_CODES = {
    Verdict.SUCCESS: ExitCode.SUCCESS,
    Verdict.FAILURE: ExitCode.AGENT_FAILURE,
    Verdict.LIMIT: ExitCode.AGENT_LIMIT,
    Verdict.CRASH: ExitCode.AGENT_CRASH,
    Verdict.NONE: ExitCode.AGENT_CRASH,
}


@dataclass(frozen=True)
class Outcome:
    """A verdict with its reason and a sentence for the user."""

    verdict: Verdict
    reason: Reason
    message: str

    @property
    def exit_code(self) -> ExitCode:
        """The agent container's exit code."""
        return EXIT_CODES[self.verdict]


class RunEnded(Exception):  # noqa: N818 - it is an end, most often not an error
    """Ends the run with `outcome`."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(f"{outcome.verdict}/{outcome.reason}: {outcome.message}")
        self.outcome = outcome

    @classmethod
    def limit(cls, reason: Reason, message: str) -> Self:
        """A limit of the job is reached."""
        return cls(Outcome(Verdict.LIMIT, reason, message))

    @classmethod
    def crash(cls, reason: Reason, message: str) -> Self:
        """There is no verdict, because of `reason`."""
        return cls(Outcome(Verdict.CRASH, reason, message))
