"""Attempts to build from."""

from typing import Any

from agentjob_api.spec import AgentJobSpec
from agentjob_operator.manifests import Attempt, Remaining
from generate.golden import UID

EVERYTHING: dict[str, Any] = {
    "task": "TASK-TEXT",
    "model": {
        "name": "m",
        "endpoint": "https://models.example.com/v1",
        "apiKeySecretRef": {"name": "model-secret", "key": "token"},
        "prices": {"inputPerMillionTokens": "0.25", "outputPerMillionTokens": 2},
    },
    "limits": {"tokens": 1000, "costUSD": "1.5", "timeoutSeconds": 600, "startDeadlineSeconds": 100},
    "repository": {
        "url": "https://git.example.com/a/b.git",
        "ref": "v1",
        "credentialsSecretRef": {"name": "git-secret"},
        "submodules": True,
    },
    "workspace": {"size": "1Gi"},
    "archive": {"format": "TarZstd", "maxBytes": 1024},
    "image": "registry.example.com/custom:1",
    "resources": {"requests": {"cpu": "1"}, "limits": {"memory": "1Gi"}},
    "nodeSelector": {"disk": "ssd"},
    "tolerations": [{"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}],
    "runtimeClassName": "gvisor",
    "priorityClassName": "low",
    "imagePullSecrets": [{"name": "pull"}],
    "env": [{"name": "LANG", "value": "C"}, {"name": "HOME", "value": "/workspace"}],
}
"""A spec with every field that reaches the pod."""


def attempt_of(spec: dict[str, Any], name: str = "job", number: int = 1, uid: str = UID) -> Attempt:
    """An attempt with the whole budget."""
    parsed = AgentJobSpec.model_validate(spec)
    return Attempt("team", name, uid, number, parsed, Remaining.all_of(parsed))
