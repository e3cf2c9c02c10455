"""What `status` should say. Pure; whether it differs from what it says, and by what patch, is in `patch`.

status_of     the whole status        halted       cancel and suspend
results       what an attempt left    conditions   metav1.Condition, moving only on a flip
merge_patch   RFC 7386                 events       transitions worth a Kubernetes Event
"""

from agentjob_operator.status.base import Base, Download
from agentjob_operator.status.beside import Links
from agentjob_operator.status.compose import status_of
from agentjob_operator.status.patch import merge_patch, status_json
from agentjob_operator.status.settle import pause, settle
from agentjob_operator.status.times import rfc3339
from agentjob_operator.status.transitions import Event, event_of

__all__ = [
    "Base",
    "Download",
    "Event",
    "Links",
    "event_of",
    "merge_patch",
    "pause",
    "rfc3339",
    "settle",
    "status_json",
    "status_of",
]
