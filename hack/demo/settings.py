"""What the demo sets beside its values file, and which examples run here as they are. Pure."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

KEY, ENDPOINT, MODEL = "OPENAI_API_KEY", "OPENAI_BASE_URL", "AGENTJOB_MODEL"
"""Variables of the caller's environment: with a key, that model is used instead of the scripted one."""
MODEL_SECRET = "agentjob-model"  # noqa: S105 - a Secret's name


def set_strings(pairs: Mapping[str, str]) -> tuple[str, ...]:
    """helm's arguments; a comma would end the value."""
    escaped = {key: value.replace(",", r"\,") for key, value in pairs.items()}
    return tuple(word for key, value in escaped.items() for word in ("--set-string", f"{key}={value}"))


def model_values(environment: Mapping[str, str]) -> tuple[str, ...]:
    """helm's arguments for the model of `environment`; none, so the scripted one, where it holds no key."""
    if not environment.get(KEY):
        return ()
    chosen = {
        "model.endpoint": environment.get(ENDPOINT) or "https://api.openai.com/v1",
        "model.name": environment.get(MODEL) or "gpt-5-mini",
        "model.apiKeySecret.name": MODEL_SECRET,
    }
    return ("--set", "scriptedModel.enabled=false", *set_strings(chosen))


def runs_anywhere(manifest: Mapping[str, Any]) -> bool:
    """Whether an AgentJob needs no Git server, Secret or StorageClass that a local cluster lacks."""
    spec = manifest["spec"]
    outside = (
        "repository" in spec,
        "model" in spec and "endpoint" in spec["model"],
        "storageClassName" in spec.get("workspace", {}),
    )
    return not any(outside)


def examples_that_run_here(folder: Path) -> list[str]:
    """Names of the files under manifests/examples, without their ending."""
    return [path.stem for path in sorted(folder.glob("*.yaml")) if runs_anywhere(yaml.safe_load(path.read_text()))]
