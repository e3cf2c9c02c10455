"""The attempt's own Secret: task, configuration, upload grant and the tokens of desktop and notebook. Each container mounts only the keys that it may read."""

from typing import Any

from agentjob_api import pod
from agentjob_api.grant import UploadGrant

from agentjob_operator.manifests.attempt import Attempt
from agentjob_operator.manifests.beside import Tokens, token_keys
from agentjob_operator.manifests.config import job_config
from agentjob_operator.manifests.labels import metadata
from agentjob_operator.settings import Settings


def build_secret(attempt: Attempt, grant: UploadGrant, tokens: Tokens, settings: Settings) -> dict[str, Any]:
    """A core/v1 Secret, to be created only: the operator can read none."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": metadata(attempt),
        "type": "Opaque",
        "stringData": {
            pod.KEY_TASK: attempt.spec.task,
            pod.KEY_CONFIG: job_config(attempt, settings).model_dump_json(by_alias=True),
            pod.KEY_UPLOAD: grant.model_dump_json(by_alias=True),
            **token_keys(attempt.spec, settings.beside, tokens),
        },
    }
