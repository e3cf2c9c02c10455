"""What status says of `cancel` and `suspend`. Pure."""

from dataclasses import replace
from typing import Any

from agentjob_api.reasons import TABLE, Reason
from agentjob_api.status import AgentJobStatus, ConditionType, Phase

from agentjob_operator.model import Finish, Halt, Observed, Suspend
from agentjob_operator.status.base import NO_POD, Base, Sign, identity, sentence
from agentjob_operator.status.beside import when_over
from agentjob_operator.status.conditions import condition
from agentjob_operator.status.results import archived, has_archive, results, signed_again
from agentjob_operator.status.times import rfc3339


def halting(base: Base, observed: Observed, halt: Halt) -> AgentJobStatus:
    """It is told to stop; the phase stays until it has."""
    message = sentence(halt.reason, TABLE[halt.reason].meaning)
    return base.with_([], **identity(base.current, observed), reason=halt.reason, message=message)


def suspended(base: Base, observed: Observed, suspend: Suspend, sign: Sign) -> AgentJobStatus:
    """Nothing of it runs. What its last attempt archived can be downloaded meanwhile."""
    message, ending = sentence(Reason.SUSPENDED, suspend.message), observed.ending
    conditions = [
        condition(ConditionType.STARTED, "False", Reason.SUSPENDED, message),
        condition(ConditionType.SUSPENDED, "True", Reason.SUSPENDED, message),
        *([] if ending is None or (ending.archive is None and has_archive(base)) else archived(ending)),
    ]
    beside, access = when_over(base.current, replace(observed, beside={}), base.links, base.now)
    fields = {} if ending is None else results(base, ending, sign, counts=False)
    return base.with_(
        conditions + beside,
        **{**fields, **access, **NO_POD},
        phase=Phase.SUSPENDED,
        reason=Reason.SUSPENDED,
        message=message,
        attempts=observed.attempt if suspend.attempts is None else suspend.attempts,
        attempt_time=None,
    )


def resuming(base: Base) -> AgentJobStatus:
    """The next attempt may be made; its waiting begins now."""
    message = TABLE[Reason.RESUMING].meaning
    conditions = [
        condition(ConditionType.STARTED, "False", Reason.RESUMING, message),
        condition(ConditionType.SUSPENDED, "False", Reason.RESUMING, ""),
    ]
    return base.with_(
        conditions,
        # Suspending has done so already, unless somebody wrote that phase by hand.
        **NO_POD,
        phase=Phase.PENDING,
        reason=Reason.RESUMING,
        message=message,
        attempts=base.current.attempts + 1,
        attempt_time=rfc3339(base.now),
    )


def cancelled(base: Base, observed: Observed, finish: Finish, sign: Sign) -> AgentJobStatus:
    """The end, neither Complete nor Failed. What an earlier attempt archived is kept when this one did not."""
    message, ending = sentence(finish.reason, finish.message), observed.ending
    ran = ending is not None and bool(ending.agent_started or ending.report)
    keeps = has_archive(base) and (ending is None or ending.archive is None)
    conditions = [
        condition(ConditionType.STARTED, "True", Reason.AGENT_RUNNING, "")
        if ran
        else condition(ConditionType.STARTED, "False", finish.reason, message),
        *([] if keeps else archived(ending)),
        condition(ConditionType.FINISHED, "True", finish.reason, message),
    ]
    if any(one.type == ConditionType.SUSPENDED for one in base.current.conditions):
        conditions.append(condition(ConditionType.SUSPENDED, "False", finish.reason, ""))
    beside, access = when_over(base.current, observed, base.links, base.now)
    fields: dict[str, Any] = {} if ending is None else results(base, ending, sign, counts=False)
    return base.with_(
        conditions + beside,
        **identity(base.current, observed),
        **access,
        phase=Phase.CANCELLED,
        reason=finish.reason,
        message=message,
        completion_time=rfc3339(base.now),
        **{**fields, **(signed_again(base, sign) if keeps else {})},
    )
