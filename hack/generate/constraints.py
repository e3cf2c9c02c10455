"""What values.yaml itself cannot say: bounds, patterns and enums of the chart's values, by dotted path."""

from typing import Any

_QUANTITY = r"^[0-9]+(\.[0-9]+)?(m|k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?$"
_DNS_NAME = r"^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$"
_OPTIONAL_DNS_NAME = r"^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?)?$"
_OPTIONAL_ENDPOINT = r"^(https?://[^\s/@]+/?)?$"
_SECRET_KEY = r"^[-._a-zA-Z0-9]+$"  # noqa: S105 - a pattern of key names
_PRICE = r"^([0-9]{1,9}(\.[0-9]{1,6})?)?$"

_DURATION = r"^([0-9]+(ms|s|m|h))+$"
_MONITORS = ("podMonitor", "serviceMonitor")
_MONITORING = (*_MONITORS, "prometheusRule", "dashboards")

_names: dict[str, Any] = {"items": {"type": "string", "pattern": _DNS_NAME}, "uniqueItems": True}
_rules: dict[str, Any] = {"items": {"$ref": "#/definitions/egressRule"}}
_cidr = {"type": "string", "pattern": r"^[0-9a-fA-F.:]+/[0-9]{1,3}$"}
_resources = {"$ref": "#/definitions/resources"}
_texts: dict[str, Any] = {"additionalProperties": {"type": "string", "maxLength": 4096}}
_objects: dict[str, Any] = {"items": {"type": "object"}, "maxItems": 64}
_image: dict[str, Any] = {"pattern": r"^\S*$", "maxLength": 512}
_class_name: dict[str, Any] = {"pattern": _OPTIONAL_DNS_NAME}

OPAQUE = {
    "job.resources.agent",
    "job.resources.prepare",
    "job.resources.modelProxy",
    "job.resources.courier",
    "job.resources.desktop",
    "job.resources.notebook",
    "job.resources.postgres",
    "job.resources.redis",
    "minio.resources",
    "scriptedModel.resources",
    "operator.resources",
    "minio.podAnnotations",
    "minio.podLabels",
    "minio.nodeSelector",
    "minio.affinity",
    "scriptedModel.nodeSelector",
    "operator.podAnnotations",
    "operator.podLabels",
    "operator.nodeSelector",
    "operator.affinity",
    "serviceAccount.annotations",
    *(f"monitoring.{kind}.labels" for kind in _MONITORING),
    "monitoring.dashboards.annotations",
}
"""Objects of the Kubernetes API: their keys are not the chart's."""

CONSTRAINTS: dict[str, dict[str, Any]] = {
    "image.registry": {"minLength": 1, "pattern": r"^[^\s]*[^\s/]$"},
    "image.tag": {"pattern": r"^[\w.-]{0,128}$"},
    **{f"image.{name}": _image for name in ("operator", "runtime", "agent", "desktop", "notebook", "services")},
    "image.pullPolicy": {"enum": ["Always", "IfNotPresent", "Never"]},
    "image.pullSecrets": _names,
    "image.jobPullSecrets": _names,
    "model.name": {"minLength": 1, "maxLength": 256},
    "model.endpoint": {"pattern": r"^(https?://[^\s/@]+(/[^\s]*)?)?$"},
    "model.apiKeySecret.name": {"pattern": _OPTIONAL_DNS_NAME},
    "model.apiKeySecret.key": {"pattern": _SECRET_KEY},
    "model.prices.inputPerMillionTokens": {"pattern": _PRICE},
    "model.prices.outputPerMillionTokens": {"pattern": _PRICE},
    "job.limits.steps": {"minimum": 1, "maximum": 10_000},
    "job.limits.tokens": {"minimum": 0, "maximum": 10**12},
    "job.limits.costUSD": {"pattern": _PRICE},
    "job.limits.timeoutSeconds": {"minimum": 1, "maximum": 604_800},
    "job.limits.startDeadlineSeconds": {"minimum": 1, "maximum": 604_800},
    "job.resources.agent": _resources,
    "job.resources.prepare": _resources,
    "job.resources.modelProxy": _resources,
    "job.resources.courier": _resources,
    "job.resources.desktop": _resources,
    "job.resources.notebook": _resources,
    "job.resources.postgres": _resources,
    "job.resources.redis": _resources,
    "job.desktop.homeSize": {"pattern": _QUANTITY},
    "job.notebook.homeSize": {"pattern": _QUANTITY},
    "job.serviceDataSize": {"pattern": _QUANTITY},
    "access.urlTemplate": {"pattern": r"^(https?://[^\s/@]+(/\S*)?)?$", "maxLength": 1024},
    "job.agentHomeSize": {"pattern": _QUANTITY},
    "job.agentTmpSize": {"pattern": _QUANTITY},
    "job.disruptionCap": {"minimum": 0, "maximum": 100},
    "storage.endpoint": {"pattern": _OPTIONAL_ENDPOINT},
    "storage.publicEndpoint": {"pattern": _OPTIONAL_ENDPOINT},
    "storage.bucket": {"pattern": r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"},
    "storage.prefix": {"pattern": r"^([A-Za-z0-9._=-]+(/[A-Za-z0-9._=-]+)*)?$", "maxLength": 256},
    "storage.region": {"minLength": 1, "maxLength": 64},
    "storage.caConfigMap.name": {"pattern": _OPTIONAL_DNS_NAME},
    "storage.caConfigMap.key": {"pattern": _SECRET_KEY},
    "storage.retentionDays": {"minimum": 0, "maximum": 36500},
    "storage.credentials.secretName": {"pattern": _OPTIONAL_DNS_NAME},
    "storage.credentials.accessKeyKey": {"pattern": _SECRET_KEY},
    "storage.credentials.secretKeyKey": {"pattern": _SECRET_KEY},
    "storage.credentials.sessionTokenKey": {"pattern": r"^[-._a-zA-Z0-9]*$"},
    "minio.image": {"minLength": 1, **_image},
    "minio.existingSecret": {"pattern": _OPTIONAL_DNS_NAME},
    "minio.persistence.size": {"pattern": _QUANTITY},
    "minio.persistence.storageClassName": _class_name,
    "minio.service.nodePort": {"minimum": 1, "maximum": 65535},
    "minio.service.type": {"enum": ["ClusterIP", "NodePort", "LoadBalancer"]},
    "minio.resources": _resources,
    "minio.podAnnotations": _texts,
    "minio.podLabels": _texts,
    "minio.nodeSelector": _texts,
    "minio.tolerations": _objects,
    "minio.priorityClassName": _class_name,
    "scriptedModel.args": {"items": {"type": "string"}},
    "scriptedModel.resources": _resources,
    "scriptedModel.nodeSelector": _texts,
    "scriptedModel.tolerations": _objects,
    "networkPolicies.dns": _rules,
    "networkPolicies.model": _rules,
    "networkPolicies.git": _rules,
    "networkPolicies.objectStore": _rules,
    "networkPolicies.accessFrom": {"items": {"$ref": "#/definitions/networkPeer"}},
    "networkPolicies.exceptCIDRs": {"items": _cidr, "uniqueItems": True},
    "operator.replicas": {"minimum": 0, "maximum": 10},
    "operator.watchNamespaces": _names,
    "operator.workers": {"minimum": 1, "maximum": 256},
    "operator.resyncSeconds": {"minimum": 1, "maximum": 86400},
    "operator.sweepSeconds": {"minimum": 1, "maximum": 86400},
    "operator.logFormat": {"enum": ["json", "console"]},
    "operator.logLevel": {"enum": ["DEBUG", "INFO", "WARNING", "ERROR"]},
    "operator.resources": _resources,
    "operator.lease.durationSeconds": {"minimum": 5, "maximum": 300},
    "operator.lease.renewDeadlineSeconds": {"minimum": 3, "maximum": 240},
    "operator.lease.retryPeriodSeconds": {"minimum": 1, "maximum": 60},
    "operator.podAnnotations": _texts,
    "operator.podLabels": _texts,
    "operator.nodeSelector": _texts,
    "operator.tolerations": _objects,
    "operator.topologySpreadConstraints": {
        "items": {"type": "object", "required": ["maxSkew", "topologyKey", "whenUnsatisfiable"]},
        "maxItems": 8,
    },
    "operator.priorityClassName": _class_name,
    "operator.extraEnv": {
        "items": {
            "type": "object",
            "oneOf": [{"required": ["name", "value"]}, {"required": ["name", "valueFrom"]}],
            "additionalProperties": False,
            "properties": {
                "name": {"type": "string", "pattern": "^[A-Z][A-Z0-9_]*$"},
                "value": {"type": "string"},
                "valueFrom": {"type": "object"},
            },
        },
        "maxItems": 256,
    },
    "operator.podDisruptionBudget.minAvailable": {"minimum": 0, "maximum": 9},
    "serviceAccount.name": {"pattern": _OPTIONAL_DNS_NAME},
    "serviceAccount.annotations": _texts,
    **{f"monitoring.{kind}.namespace": {"pattern": _OPTIONAL_DNS_NAME} for kind in _MONITORING},
    **{f"monitoring.{kind}.labels": _texts for kind in _MONITORING},
    **{f"monitoring.{kind}.interval": {"pattern": _DURATION} for kind in _MONITORS},
    **{f"monitoring.{kind}.scrapeTimeout": {"pattern": _DURATION} for kind in _MONITORS},
    **{f"monitoring.{kind}.relabelings": _objects for kind in _MONITORS},
    **{f"monitoring.{kind}.metricRelabelings": _objects for kind in _MONITORS},
    "monitoring.prometheusRule.runbookBaseURL": {"pattern": r"^(https?://\S+/)?$", "maxLength": 512},
    "monitoring.prometheusRule.disabled": {
        "items": {"type": "string", "pattern": "^AgentJob[A-Za-z]*$"},
        "uniqueItems": True,
    },
    "monitoring.dashboards.annotations": _texts,
}

DEFINITIONS: dict[str, Any] = {
    "resources": {
        "description": "core/v1 ResourceRequirements.",
        "type": "object",
        "additionalProperties": False,
        "properties": {name: {"$ref": "#/definitions/quantities"} for name in ("requests", "limits")},
    },
    "egressRule": {
        "description": "networking.k8s.io/v1 NetworkPolicyEgressRule.",
        "type": "object",
        "additionalProperties": False,
        "required": ["to"],
        "properties": {
            "to": {"type": "array", "minItems": 1, "items": {"$ref": "#/definitions/networkPeer"}},
            "ports": {"type": "array", "items": {"type": "object", "required": ["port"]}},
        },
    },
    "networkPeer": {
        "description": "networking.k8s.io/v1 NetworkPolicyPeer.",
        "type": "object",
        "additionalProperties": False,
        "minProperties": 1,
        "properties": {
            "ipBlock": {
                "type": "object",
                "additionalProperties": False,
                "required": ["cidr"],
                "properties": {"cidr": _cidr, "except": {"type": "array", "items": _cidr}},
            },
            "namespaceSelector": {"type": "object"},
            "podSelector": {"type": "object"},
        },
    },
    "quantities": {
        "type": "object",
        "additionalProperties": {
            "anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": _QUANTITY}]
        },
    },
}

_STORE_NEEDED = {
    "properties": {
        "storage": {
            "properties": {
                "endpoint": {"minLength": 1},
                "credentials": {"properties": {"secretName": {"minLength": 1}}, "required": ["secretName"]},
            },
            "required": ["endpoint", "credentials"],
        }
    }
}
CONDITIONS: dict[str, Any] = {
    "if": {"properties": {"minio": {"properties": {"enabled": {"const": False}}}}},
    "then": _STORE_NEEDED,
}
"""Without MinIO another store has to be named."""
