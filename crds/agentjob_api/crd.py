"""The CustomResourceDefinition of AgentJob, as a plain object."""

from agentjob_api import names
from agentjob_api.base import CelRule
from agentjob_api.schema import Schema, make_immutable, structural_schema
from agentjob_api.spec import MUTABLE_FIELDS, AgentJobSpec
from agentjob_api.status import TERMINAL_PHASES, AgentJobStatus, Phase

SELECTABLE_FIELDS = (".status.phase",)

_TERMINAL = ", ".join(f"'{phase}'" for phase in TERMINAL_PHASES)
_OLD_IS_TERMINAL = f"has(oldSelf.status) && has(oldSelf.status.phase) && oldSelf.status.phase in [{_TERMINAL}]"
# On the whole object, not on status: a rule on status is not asked when status is taken away.
TERMINAL_PHASE_RULE = CelRule(
    f"!({_OLD_IS_TERMINAL}) || (has(self.status) && has(self.status.phase) && self.status.phase == oldSelf.status.phase)",
    "a terminal phase never changes",
    ".status.phase",
)

_COLUMNS = (
    # name, JSON path, type, priority (1: only with -o wide), description
    ("Phase", ".status.phase", "string", 0, "Sums up the conditions."),
    ("Reason", ".status.reason", "string", 0, "The reason that matters now."),
    ("Engine", ".spec.engine", "string", 0, "What drives the agent."),
    ("Started", ".status.startTime", "date", 0, "When an agent first started."),
    ("Age", ".metadata.creationTimestamp", "date", 0, "Since creation."),
    ("Pod", ".status.podName", "string", 1, "The pod of the current attempt."),
    ("Cost", ".status.usage.costUSD", "string", 1, "US dollars, by model.prices."),
    ("Message", ".status.message", "string", 1, "What happens, or what to do."),
)


def custom_resource_definition() -> Schema:
    """`apiextensions.k8s.io/v1` CustomResourceDefinition."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{names.PLURAL}.{names.GROUP}"},
        "spec": {
            "group": names.GROUP,
            "scope": "Namespaced",
            "names": {
                "kind": names.KIND,
                "listKind": f"{names.KIND}List",
                "plural": names.PLURAL,
                "singular": names.SINGULAR,
                "shortNames": [names.SHORT_NAME],
                "categories": [names.CATEGORY],
            },
            "versions": [_version()],
        },
    }


def agentjob_schema() -> Schema:
    """The structural schema of the whole object."""
    spec = structural_schema(AgentJobSpec, defaults=True)
    make_immutable(spec, MUTABLE_FIELDS)
    return {
        "description": "A coding agent's job: a task in plain words, optionally a Git repository, run in a pod of its own.",
        "type": "object",
        "required": ["spec"],
        "x-kubernetes-validations": [TERMINAL_PHASE_RULE.entry()],
        "properties": {
            "apiVersion": {"type": "string", "description": f"Always {names.API_VERSION}."},
            "kind": {"type": "string", "description": f"Always {names.KIND}."},
            "metadata": {"type": "object"},
            "spec": spec,
            # One default only: `Pending` is shown from the first moment on, and costs no write. The rest is what the operator wrote.
            "status": structural_schema(AgentJobStatus, defaults=False) | {"default": {"phase": Phase.PENDING.value}},
        },
    }


def _version() -> Schema:
    columns = ("name", "jsonPath", "type", "priority", "description")
    return {
        "name": names.VERSION,
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "selectableFields": [{"jsonPath": path} for path in SELECTABLE_FIELDS],
        "additionalPrinterColumns": [
            {name: value for name, value in zip(columns, row, strict=True) if (name, value) != ("priority", 0)}
            for row in _COLUMNS
        ],
        "schema": {"openAPIV3Schema": agentjob_schema()},
    }
