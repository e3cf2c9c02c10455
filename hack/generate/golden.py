"""Golden files: the Secret and the Job of each example manifest, as the builders make them for a first attempt."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import yaml
from agentjob_api import names
from agentjob_api.grant import UploadGrant
from agentjob_api.spec import AgentJobSpec
from agentjob_operator.manifests import Attempt, Remaining, Tokens, build_job, build_secret
from agentjob_operator.settings import ModelDefaults, Settings, StorageSettings
from pydantic import SecretStr

from generate.files import Files

EXAMPLES = PurePosixPath("manifests/examples")
GOLDEN = PurePosixPath("tests/unit/manifests/golden")
UID = "0b7c1c6e-3c52-4d0e-9d0f-8a4f5b6c7d8e"
EXAMPLE_TOKENS = Tokens(desktop="example-desktop-token", notebook="example-notebook-token")
_HEADER = (
    "# What the operator creates for {source}. Written by `make generate`: read the difference before you commit it.\n"
)


class _NoAliases(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def golden_files(root: Path) -> Files:
    """One file per AgentJob under the examples of the repository at `root`."""
    files = {}
    for source in sorted((root / EXAMPLES).glob("*.yaml")):
        for manifest in agent_jobs(source):
            name = manifest["metadata"]["name"]
            header = _HEADER.format(source=EXAMPLES / source.name)
            files[GOLDEN / f"{name}.yaml"] = header + golden_text(example_attempt(manifest))
    return files


def agent_jobs(source: Path) -> Iterator[dict[str, Any]]:
    """The AgentJobs among the documents of a manifest."""
    for document in yaml.safe_load_all(source.read_text(encoding="utf-8")):
        if document and document["kind"] == names.KIND:
            yield document


def example_attempt(manifest: dict[str, Any]) -> Attempt:
    """A first attempt of it, in the namespace `team`."""
    spec = AgentJobSpec.model_validate(manifest["spec"])
    return Attempt("team", manifest["metadata"]["name"], UID, 1, spec, Remaining.all_of(spec))


def golden_text(attempt: Attempt) -> str:
    """Secret and Job as YAML documents."""
    settings = example_settings()
    grant = UploadGrant(
        url=f"{settings.storage.endpoint}/{settings.storage.bucket}",
        fields={"policy": "…"},
        key_prefix=f"{attempt.namespace}/{attempt.name}/{attempt.uid}/{attempt.number}/",
        max_bytes=attempt.spec.archive.max_bytes,
        expires_at="2026-01-01T00:00:00Z",
    )
    documents = [build_secret(attempt, grant, EXAMPLE_TOKENS, settings), build_job(attempt, settings)]
    return yaml.dump_all(documents, Dumper=_NoAliases, sort_keys=False, width=120, allow_unicode=True)


def example_settings() -> Settings:
    """An operator with a default model and its key."""
    return Settings(
        storage=StorageSettings(
            endpoint="http://minio.agentjob-system.svc:9000",
            access_key=SecretStr("example-access-key"),
            secret_key=SecretStr("example-secret-key"),
        ),
        default_model=ModelDefaults(name="gpt-5-mini", api_key_secret_name="agentjob-model"),  # noqa: S106 - a Secret's name
        runtime_image="registry.example.com/agentjob/runtime:1.0",
        agent_image="registry.example.com/agentjob/agent:1.0",
        desktop_image="registry.example.com/agentjob/desktop:1.0",
        notebook_image="registry.example.com/agentjob/notebook:1.0",
        services_image="registry.example.com/agentjob/services:1.0",
    )
