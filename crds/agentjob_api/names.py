"""Names of the API: group, labels, annotations. One place, so that selectors and builders cannot drift apart."""

from typing import Final

GROUP: Final = "agentjob.io"
VERSION: Final = "v1alpha1"
API_VERSION: Final = f"{GROUP}/{VERSION}"
KIND: Final = "AgentJob"
PLURAL: Final = "agentjobs"
SINGULAR: Final = "agentjob"
SHORT_NAME: Final = "agj"
CATEGORY: Final = "agents"

LABEL_MANAGED_BY: Final = "app.kubernetes.io/managed-by"
MANAGED_BY: Final = "agentjob"
"""Value of `LABEL_MANAGED_BY`: what the operator's watches select."""
LABEL_NAME: Final = f"{GROUP}/name"
LABEL_UID: Final = f"{GROUP}/uid"
LABEL_ATTEMPT: Final = f"{GROUP}/attempt"
ANNOTATION_NAME: Final = f"{GROUP}/name"
"""The AgentJob's full name (up to 253 characters) on Jobs, Pods and Secrets: what look-ups use."""

LABEL_EGRESS: Final = f"{GROUP}/egress"
"""On pods only: their `network.egress`, by which NetworkPolicies select them."""

LABEL_MEANINGS: Final[dict[str, str]] = {
    LABEL_MANAGED_BY: f"Always `{MANAGED_BY}`: what the operator's watches select.",
    LABEL_NAME: (
        "The AgentJob's name, cut to the 63 characters of a label: for selectors of people. "
        "The annotation of the same name holds all of it."
    ),
    LABEL_UID: "The AgentJob's uid.",
    LABEL_ATTEMPT: "Number of the attempt, from 1.",
}
"""Labels of every Job, Pod and Secret that the operator creates."""
