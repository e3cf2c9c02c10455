"""Attempts to build from."""

from typing import Any

from agentjob_api.grant import UploadGrant
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
        "images": True,
    },
    "limits": {"tokens": 1000, "costUSD": "1.5", "timeoutSeconds": 600, "startDeadlineSeconds": 100},
    "repository": {
        "url": "https://git.example.com/a/b.git",
        "ref": "v1",
        "credentialsSecretRef": {"name": "git-secret"},
        "submodules": True,
    },
    "desktop": {"enabled": True, "resolution": "1920x1080"},
    "notebook": {"enabled": True},
    "services": ["Postgres", "Redis"],
    "lingerSeconds": 60,
    "workspace": {"size": "1Gi", "checkpointSeconds": 60},
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

GRANT = UploadGrant(
    url="http://s3", fields={"policy": "p"}, key_prefix="a/", max_bytes=1, expires_at="2026-01-01T00:00:00Z"
)


def attempt_of(spec: dict[str, Any], name: str = "job", number: int = 1, uid: str = UID) -> Attempt:
    """An attempt with the whole budget."""
    parsed = AgentJobSpec.model_validate(spec)
    return Attempt("team", name, uid, number, parsed, Remaining.all_of(parsed))
