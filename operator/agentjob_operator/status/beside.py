"""What status says of desktop and notebook. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from agentjob_api import pod
from agentjob_api.pod import Container as Name
from agentjob_api.reasons import TABLE, Reason
from agentjob_api.status import Access, AgentJobStatus, Condition, ConditionType

from agentjob_operator.links import access_url
from agentjob_operator.model import Beside, Observed
from agentjob_operator.status.conditions import condition
from agentjob_operator.status.times import rfc3339


@dataclass(frozen=True)
class Part:
    """Where one of them is told of, and how a person gets in."""

    condition: ConditionType
    field: str
    port: int
    secret_key: str


PARTS: Final = {
    Name.DESKTOP: Part(ConditionType.DESKTOP_READY, "desktop", pod.DESKTOP_PORT, pod.KEY_DESKTOP_TOKEN),
    Name.NOTEBOOK: Part(ConditionType.NOTEBOOK_READY, "notebook", pod.NOTEBOOK_PORT, pod.KEY_NOTEBOOK_TOKEN),
}
TYPES: Final = frozenset(part.condition for part in PARTS.values())
TROUBLE: Final = frozenset({Reason.IMAGE_UNAVAILABLE, Reason.CANNOT_START, Reason.CRASHED})
"""What is still worth knowing once the attempt has ended."""


@dataclass(frozen=True)
class Links:
    """Of one AgentJob: what its URLs are made of, and how long it lingers."""

    template: str = ""
    namespace: str = ""
    name: str = ""
    linger_seconds: int = 0


def while_running(current: AgentJobStatus, observed: Observed, links: Links) -> tuple[list[Condition], dict[str, Any]]:
    """Conditions, and the fields that say how to get in."""
    conditions = [_condition(PARTS[name], one) for name, one in observed.beside.items()]
    return conditions, {part.field: _access(current, observed, links, name) for name, part in PARTS.items()}


def when_over(
    current: AgentJobStatus, observed: Observed, links: Links, now: datetime
) -> tuple[list[Condition], dict[str, Any]]:
    """As `while_running`, once the AgentJob has ended: what lingers is still there, all else has gone."""
    told = {one.type for one in current.conditions}
    conditions, fields = [], {}
    for name, part in PARTS.items():
        one = observed.beside.get(name)
        lingers = one is not None and one.alive and links.linger_seconds > 0
        fields[part.field] = _access(current, observed, links, name) if lingers else None
        if one is not None or part.condition in told:
            conditions.append(_last(part, one, links, now))
    return conditions, fields


def _last(part: Part, one: Beside | None, links: Links, now: datetime) -> Condition:
    if one is not None and one.reason in TROUBLE:
        return _condition(part, one)
    if one is not None and one.alive and links.linger_seconds > 0:
        if not one.ready:
            return _condition(part, one)
        until = rfc3339(now + timedelta(seconds=links.linger_seconds))
        return condition(part.condition, "True", Reason.LINGERING, f"It stays until {until}.")
    return condition(part.condition, "False", Reason.ENDED, TABLE[Reason.ENDED].meaning)


def _condition(part: Part, one: Beside) -> Condition:
    action = TABLE[one.reason].action
    text = one.message if action == "Nothing." else f"{one.message} {action}".strip()
    return condition(part.condition, "True" if one.ready else "False", one.reason, text)


def _access(current: AgentJobStatus, observed: Observed, links: Links, name: Name) -> Access | None:
    job_name = observed.job.name if observed.job else current.job_name
    if name not in observed.beside or observed.pod is None or job_name is None:
        return None
    part = PARTS[name]
    url = access_url(links.template, namespace=links.namespace, name=links.name, pod=observed.pod.name, port=part.port)
    # The attempt's Secret and Job have the same name.
    return Access(url=url, secret_name=job_name, secret_key=part.secret_key, port=part.port)
