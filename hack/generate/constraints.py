"""What values.yaml itself cannot say: bounds, patterns and enums of the chart's values, by dotted path."""

from typing import Any

_QUANTITY = r"^[0-9]+(\.[0-9]+)?(m|k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?$"
_DNS_NAME = r"^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$"
_OPTIONAL_DNS_NAME = r"^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?)?$"
_OPTIONAL_ENDPOINT = r"^(https?://[^\s/@]+/?)?$"
_SECRET_KEY = r"^[-._a-zA-Z0-9]+$"  # noqa: S105 - a pattern of key names
_PRICE = r"^([0-9]{1,9}(\.[0-9]{1,6})?)?$"

_names: dict[str, Any] = {"items": {"type": "string", "pattern": _DNS_NAME}, "uniqueItems": True}
_rules: dict[str, Any] = {"items": {"$ref": "#/definitions/egressRule"}}
_cidr = {"type": "string", "pattern": r"^[0-9a-fA-F.:]+/[0-9]{1,3}$"}
_resources = {"$ref": "#/definitions/resources"}

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
    "operator.podAnnotations",
    "operator.nodeSelector",
    "operator.affinity",
    "serviceAccount.annotations",
}
"""Objects of the Kubernetes API: their keys are not the chart's."""

CONSTRAINTS: dict[str, dict[str, Any]] = {
    "image.registry": {"minLength": 1, "pattern": r"^[^\s]*[^\s/]$"},
    "image.pullPolicy": {"enum": ["Always", "IfNotPresent", "Never"]},
    "image.pullSecrets": _names,
    "image.jobPullSecrets": _names,
    "model.name": {"minLength": 1, "maxLength": 256},
    "model.endpoint": {"pattern": r"^(https?://[^\s/@]+(/[^\s]*)?)?$"},
    "model.apiKeySecret.name": {"pattern": _OPTIONAL_DNS_NAME, "description": "Name of the Secret."},
    "model.apiKeySecret.key": {"pattern": _SECRET_KEY, "description": "Key in the Secret."},
    "model.prices.inputPerMillionTokens": {"pattern": _PRICE, "description": "US dollars per million input tokens."},
    "model.prices.outputPerMillionTokens": {"pattern": _PRICE, "description": "US dollars per million output tokens."},
    "job.resources.agent": {**_resources, "description": "Of the agent; spec.resources replaces them."},
    "job.resources.prepare": {**_resources, "description": "Of prepare."},
    "job.resources.modelProxy": {**_resources, "description": "Of model-proxy."},
    "job.resources.courier": {**_resources, "description": "Of courier."},
    "job.resources.desktop": {**_resources, "description": "Of the desktop."},
    "job.resources.notebook": {**_resources, "description": "Of the notebook."},
    "job.resources.postgres": {**_resources, "description": "Of PostgreSQL."},
    "job.resources.redis": {**_resources, "description": "Of Redis."},
    "job.desktop.homeSize": {"pattern": _QUANTITY},
    "job.notebook.homeSize": {"pattern": _QUANTITY},
    "job.serviceDataSize": {"pattern": _QUANTITY},
    "access.urlTemplate": {"pattern": r"^(https?://[^\s/@]+(/\S*)?)?$", "maxLength": 1024},
    "job.agentHomeSize": {"pattern": _QUANTITY},
    "job.agentTmpSize": {"pattern": _QUANTITY, "description": "Size limit of the agent's /tmp."},
    "job.disruptionCap": {"minimum": 0, "maximum": 100},
    "storage.endpoint": {"pattern": _OPTIONAL_ENDPOINT},
    "storage.publicEndpoint": {"pattern": _OPTIONAL_ENDPOINT},
    "storage.bucket": {
        "pattern": r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$",
        "description": "Name of the bucket.",
    },
    "storage.prefix": {"pattern": r"^([A-Za-z0-9._=-]+(/[A-Za-z0-9._=-]+)*)?$", "maxLength": 256},
    "storage.region": {"minLength": 1, "description": "Region that requests are signed for."},
    "storage.caConfigMap.name": {"pattern": _OPTIONAL_DNS_NAME, "description": "Name of the ConfigMap."},
    "storage.caConfigMap.key": {"pattern": _SECRET_KEY, "description": "Key in the ConfigMap."},
    "storage.retentionDays": {"minimum": 0, "maximum": 36500},
    "storage.credentials.secretName": {
        "pattern": _OPTIONAL_DNS_NAME,
        "description": "Secret in the release's namespace.",
    },
    "storage.credentials.accessKeyKey": {"pattern": _SECRET_KEY, "description": "Key with the access key."},
    "storage.credentials.secretKeyKey": {"pattern": _SECRET_KEY, "description": "Key with the secret key."},
    "minio.enabled": {"description": "Whether the chart runs MinIO."},
    "minio.image": {"minLength": 1, "description": "Image of MinIO."},
    "minio.existingSecret": {"pattern": _OPTIONAL_DNS_NAME},
    "minio.persistence.size": {"pattern": _QUANTITY, "description": "Size of the volume."},
    "minio.service.nodePort": {"minimum": 1, "maximum": 65535, "description": "The port, for type NodePort."},
    "minio.service.type": {"enum": ["ClusterIP", "NodePort", "LoadBalancer"]},
    "minio.resources": {**_resources, "description": "Of MinIO."},
    "scriptedModel.enabled": {"description": "Whether the chart runs the scripted model."},
    "scriptedModel.args": {"items": {"type": "string"}},
    "scriptedModel.resources": {**_resources, "description": "Of the scripted model."},
    "networkPolicies.dns": _rules,
    "networkPolicies.model": _rules,
    "networkPolicies.git": _rules,
    "networkPolicies.objectStore": _rules,
    "networkPolicies.accessFrom": {"items": {"$ref": "#/definitions/networkPeer"}},
    "networkPolicies.exceptCIDRs": {"items": _cidr, "uniqueItems": True},
    "operator.replicas": {"minimum": 0, "maximum": 10},
    "operator.watchNamespaces": _names,
    "operator.leaderElection": {"description": "Whether replicas elect a leader by a Lease."},
    "operator.workers": {"minimum": 1, "maximum": 256},
    "operator.resyncSeconds": {"minimum": 1, "maximum": 86400},
    "operator.sweepSeconds": {"minimum": 1, "maximum": 86400},
    "operator.logFormat": {"enum": ["json", "console"]},
    "operator.logLevel": {"enum": ["DEBUG", "INFO", "WARNING", "ERROR"], "description": "Least level that is logged."},
    "operator.resources": {**_resources, "description": "Of the operator."},
    "operator.podAnnotations": {"additionalProperties": {"type": "string"}, "description": "On the operator's pod."},
    "operator.nodeSelector": {
        "additionalProperties": {"type": "string"},
        "description": "Labels of the nodes for the chart's own pods.",
    },
    "operator.tolerations": {"items": {"type": "object"}, "description": "Taints the chart's own pods tolerate."},
    "operator.affinity": {"description": "Affinity of the operator's pod."},
    "operator.priorityClassName": {
        "pattern": _OPTIONAL_DNS_NAME,
        "description": "PriorityClass of the operator's pod.",
    },
    "operator.extraEnv": {
        "items": {
            "type": "object",
            "required": ["name", "value"],
            "additionalProperties": False,
            "properties": {"name": {"type": "string", "pattern": "^[A-Z][A-Z0-9_]*$"}, "value": {"type": "string"}},
        }
    },
    "operator.podDisruptionBudget.minAvailable": {"minimum": 0, "description": "Replicas that stay up in a drain."},
    "serviceAccount.name": {"pattern": _OPTIONAL_DNS_NAME},
    "serviceAccount.annotations": {
        "additionalProperties": {"type": "string"},
        "description": "On the ServiceAccount of the operator.",
    },
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
