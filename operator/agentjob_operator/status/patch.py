"""Statuses as JSON, and the difference between two of them as a merge patch (RFC 7386)."""

from collections.abc import Mapping
from typing import Any

from agentjob_api.status import AgentJobStatus


def status_json(status: AgentJobStatus) -> dict[str, Any]:
    """As it is written: camelCase, nothing that is unset."""
    return status.model_dump(mode="json", by_alias=True, exclude_none=True)


def merge_patch(current: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """What turns `current` into `wanted`; empty when they say the same. Lists are replaced whole."""
    patch: dict[str, Any] = {name: None for name in current if name not in wanted}
    for name, value in wanted.items():
        old = current.get(name)
        if isinstance(value, Mapping) and isinstance(old, Mapping):
            if inner := merge_patch(old, value):
                patch[name] = inner
        elif old != value:
            patch[name] = value
    return patch
