"""Values that cannot work are refused by the schema, with their path, before anything is installed."""

import json
from typing import Any

import pytest

from charts import CHART, template

REFUSED = {
    "operator.replica=2": "/operator",
    "operator.replicas=-1": "/operator/replicas",
    "operator.replicas=two": "/operator/replicas",
    "operator.logFormat=xml": "/operator/logFormat",
    "operator.watchNamespaces={Not_A_Name}": "/operator/watchNamespaces/0",
    "operator.resources.request.cpu=1": "/operator/resources",
    "operator.extraEnv[0].name=lower": "/operator/extraEnv/0",
    "image.pullPolicy=Sometimes": "/image/pullPolicy",
    "image.registry=registry.example.com/": "/image/registry",
    "model.name=": "/model/name",
    "model.endpoint=models.example.com": "/model/endpoint",
    "model.endpoint=https://user:pass@models.example.com": "/model/endpoint",
    "model.prices.inputPerMillionTokens=cheap": "/model/prices/inputPerMillionTokens",
    "job.resources.agent.limits.memory=lots": "/job/resources/agent/limits/memory",
    "job.limits.steps=0": "/job/limits/steps",
    "job.agentHomeSize=-1Gi": "/job/agentHomeSize",
    "storage.endpoint=http://minio:9000/bucket": "/storage/endpoint",
    "storage.bucket=Bad_Bucket": "/storage/bucket",
    "storage.prefix=/a": "/storage/prefix",
    "storage.retentionDays=-1": "/storage/retentionDays",
    "minio.enabled=false": "/storage/endpoint",
    "minio.enabled=false,storage.endpoint=https://s3.example.com": "/storage/credentials/secretName",
    "minio.service.type=ExternalName": "/minio/service/type",
    "minio.service.nodePort=70000": "/minio/service/nodePort",
    "monitoring.podMonitor.interval=often": "/monitoring/podMonitor/interval",
    "monitoring.prometheusRule.runbookBaseURL=wiki": "/monitoring/prometheusRule/runbookBaseURL",
    "monitoring.dashboard.enabled=true": "/monitoring",
}


@pytest.mark.parametrize(("values", "path"), REFUSED.items(), ids=REFUSED.keys())
def test_is_refused_with_its_path(values: str, path: str) -> None:
    """The person sees which value it is."""
    done = template("--set", values)
    assert done.returncode != 0
    assert f"'{path}" in done.stderr


CONTRADICTIONS = {
    "operator.leaderElection=false": "all of them would work at once",
    "operator.podDisruptionBudget.minAvailable=2": "no node could be drained",
    "operator.lease.renewDeadlineSeconds=15": "durationSeconds must be more than renewDeadlineSeconds",
    "storage.endpoint=https://s3.example.com": "MinIO's credential would be sent there",
    "job.limits.costUSD=5.5": "job.limits.costUSD needs model.prices",
    "storage.createBucket=false,storage.retentionDays=3": "storage.retentionDays needs storage.createBucket",
}


@pytest.mark.parametrize(("values", "words"), CONTRADICTIONS.items(), ids=CONTRADICTIONS.keys())
def test_values_that_do_not_go_together_are_refused(values: str, words: str) -> None:
    """Each is right by itself, so the schema cannot say it."""
    done = template("--set-string" if "costUSD" in values else "--set", values)
    assert done.returncode != 0
    assert words in done.stderr


def test_every_value_is_bounded() -> None:
    """A type alone lets nonsense through that only the API server, or nobody, would refuse."""
    bounds = {
        "string": {"pattern", "enum", "maxLength"},
        "integer": {"minimum"},
        "array": {"items"},
        "boolean": {"type"},
    }

    def unbounded(schema: dict[str, Any], path: str) -> list[str]:
        if "properties" in schema:
            return [found for key, child in schema["properties"].items() for found in unbounded(child, f"{path}.{key}")]
        return [path] if not bounds.get(schema.get("type", ""), set(schema)) & set(schema) else []

    assert unbounded(json.loads((CHART / "values.schema.json").read_text(encoding="utf-8")), "") == []


def test_every_value_is_described() -> None:
    """The schema is what editors and registries show."""

    def undescribed(schema: dict[str, object], path: str) -> list[str]:
        children = schema.get("properties")
        if not isinstance(children, dict):
            return [] if schema.get("description") else [path]
        return [found for key, child in children.items() for found in undescribed(child, f"{path}.{key}")]

    assert undescribed(json.loads((CHART / "values.schema.json").read_text(encoding="utf-8")), "") == []
