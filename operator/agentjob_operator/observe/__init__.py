"""From an AgentJob, its Job, its Pod and evidence to where the current attempt is. Pure; says what it still `needs` to know.

report    what the pod hands back, distrusted        waiting   why it does not start
stopped   who ended it from outside                  ending    how it ended
"""

from agentjob_operator.observe.attempt import observe
from agentjob_operator.observe.report import parse_prepare_failure, parse_report, parse_usage

__all__ = ["observe", "parse_prepare_failure", "parse_report", "parse_usage"]
