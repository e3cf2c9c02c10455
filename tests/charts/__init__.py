"""The chart, rendered by helm, and its objects as they are."""

import subprocess
from pathlib import Path
from typing import Any

import yaml
from cluster.toolbuild import ensure_binaries

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "charts" / "agentjob"
DEMO_VALUES = ROOT / "hack" / "demo" / "values.yaml"
EVERYTHING_VALUES = ROOT / "tests" / "chart" / "values-everything.yaml"
PRODUCTION_VALUES = ROOT / "tests" / "chart" / "values-production.yaml"
NAMESPACE = "agentjob-system"

Object = dict[str, Any]


def helm(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Runs helm; the caller looks at the exit code."""
    command = [str(ensure_binaries("helm")["helm"]), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def template(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """`helm template` as release `agentjob`."""
    return helm("template", "agentjob", CHART, "--namespace", NAMESPACE, *arguments)


def render(*arguments: str | Path) -> list[Object]:
    """All objects; AssertionError with helm's words when it refuses."""
    done = template(*arguments)
    assert done.returncode == 0, done.stderr
    return [document for document in yaml.safe_load_all(done.stdout) if document]


def of_kind(objects: list[Object], *kinds: str) -> list[Object]:
    """Those of these kinds."""
    return [each for each in objects if each["kind"] in kinds]


def pod_specs(objects: list[Object]) -> list[tuple[str, Object]]:
    """Name of the workload and its pod's spec."""
    workloads = of_kind(objects, "Deployment", "StatefulSet", "Job")
    return [(each["metadata"]["name"], each["spec"]["template"]["spec"]) for each in workloads]


def operator_environment(objects: list[Object]) -> dict[str, str]:
    """The operator's variables; those from Secrets and the pod's own fields with a stand-in."""
    deployment = next(each for each in of_kind(objects, "Deployment") if each["metadata"]["name"].endswith("-operator"))
    env = deployment["spec"]["template"]["spec"]["containers"][0]["env"]
    assert len({variable["name"] for variable in env}) == len(env)
    return {variable["name"]: variable.get("value", "-----BEGIN CERTIFICATE-----") for variable in env}
