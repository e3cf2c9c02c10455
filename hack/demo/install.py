"""Installs the operator from the chart into the local cluster."""

import os

from cluster import facts

from demo.shell import ROOT, DemoError, Shell
from images import catalog

RELEASE, SYSTEM_NAMESPACE, NAMESPACE = "agentjob", "agentjob-system", "agentjob-demo"
MODEL_SECRET = "agentjob-model"  # noqa: S105 - a Secret's name


def install(shell: Shell) -> None:
    """Idempotent: the release, and a namespace for AgentJobs. Raises `DemoError`."""
    shell.console.rule("[bold]1. Install the operator", align="left")
    shell.run(
        "helm", "upgrade", "--install", RELEASE, "charts/agentjob", "--namespace", SYSTEM_NAMESPACE, "--create-namespace",
        "--values", "hack/demo/values.yaml", *_cluster_values(), *_model_values(), "--wait", "--timeout", "5m",
    )  # fmt: skip
    shell.run("kubectl", "apply", "-f", "hack/demo/namespace.yaml")
    key = os.environ.get("OPENAI_API_KEY")
    if key:
        # Through stdin: a key in an argument list is there for everybody to read.
        secret = shell.kubectl(
            "create", "secret", "generic", MODEL_SECRET, "--from-file=api-key=/dev/stdin", "--dry-run=client", "-o", "yaml",
            show=False, stdin=key,
        )  # fmt: skip
        shell.kubectl("apply", "-f", "-", show=False, stdin=secret)
        shell.console.print(f"  the key of OPENAI_API_KEY is in the Secret {MODEL_SECRET}")


def _set(pairs: dict[str, str]) -> tuple[str, ...]:
    return tuple(word for key, value in pairs.items() for word in ("--set-string", f"{key}={value}"))


def _cluster_values() -> tuple[str, ...]:
    cluster = facts.read()
    if not cluster:
        raise DemoError("no local cluster; start it with: make cluster-up images")
    # The tag stays `dev`, so a newly built image alone would not restart the operator.
    content = catalog.read(ROOT)["operator"].content
    return _set(
        {
            "storage.publicEndpoint": cluster["PUBLIC_OBJECT_STORE"],
            "minio.image": cluster["MINIO_IMAGE"],
            "operator.podAnnotations.content": content,
        }
    )


def _model_values() -> tuple[str, ...]:
    if not os.environ.get("OPENAI_API_KEY"):
        return ()
    endpoint = os.environ.get("OPENAI_BASE_URL", "https://api.openai.com/v1")
    model = os.environ.get("AGENTJOB_MODEL", "gpt-5-mini")
    return _set({"model.endpoint": endpoint, "model.name": model, "model.apiKeySecret.name": MODEL_SECRET})
