"""The attempt's own Secret: task, configuration, upload grant, tokens of desktop and notebook. Each container mounts only the keys that it may read."""

from typing import Any, Final

from agentjob_api import pod
from agentjob_api.grant import RestoreGrant, UploadGrant

from agentjob_operator.manifests.attempt import Attempt
from agentjob_operator.manifests.beside import Tokens, token_keys
from agentjob_operator.manifests.config import job_config
from agentjob_operator.manifests.labels import metadata
from agentjob_operator.settings import Settings

KEY_STORE_CA: Final = "store-ca.crt"
"""PEM of the object store's authority: courier only, by `SSL_CERT_FILE`; absent where the system's authorities do."""


def build_secret(
    attempt: Attempt, grant: UploadGrant, tokens: Tokens, settings: Settings, restore: RestoreGrant | None = None
) -> dict[str, Any]:
    """A core/v1 Secret, to be created only: the operator can read none."""
    authority = settings.storage.ca_pem
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": metadata(attempt),
        "type": "Opaque",
        "stringData": {
            pod.KEY_TASK: attempt.spec.task,
            pod.KEY_CONFIG: job_config(attempt, settings).to_json(),
            pod.KEY_UPLOAD: grant.to_json(),
            **({pod.KEY_RESTORE: restore.to_json()} if restore else {}),
            **({KEY_STORE_CA: authority} if authority else {}),
            **token_keys(attempt.spec, settings.beside, tokens),
        },
    }
