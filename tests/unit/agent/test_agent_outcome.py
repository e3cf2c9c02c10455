"""What is said of a run that an error ended which nobody foresaw."""

import signal

import pytest
from agentjob_api.reasons import Reason
from agentjob_api.report import Verdict
from agentjob_runtime.agent.main import outcome_of
from agentjob_runtime.common.outcome import Outcome
from agentjob_runtime.common.stop import Stop

CRASHED = Outcome(Verdict.CRASH, Reason.AGENT_CRASHED, "The agent's runtime failed.")


@pytest.mark.parametrize(("told", "reason"), [(True, Reason.AGENT_KILLED), (False, Reason.AGENT_CRASHED)])
def test_an_error_after_sigterm_is_the_sigterms(told: bool, reason: Reason) -> None:
    """A disruption does not count against `backoffLimit`, a crash does. What it was is said in both cases."""
    stop = Stop()
    if told:
        stop.on_signal(signal.SIGTERM, None)
    outcome = outcome_of(RuntimeError("generator didn't stop"), stop, CRASHED)
    assert (outcome.verdict, outcome.reason) == (Verdict.CRASH, reason)
    assert "RuntimeError: generator didn't stop" in outcome.message
