"""CoreDNS of the embedded cluster as Kubernetes objects. Pure."""

from __future__ import annotations

import hashlib
from typing import Any

from cluster.embedded import layout

IMAGE = "localhost/agentjob/coredns:dev"
_NAMESPACE = "kube-system"
_LABELS = {"k8s-app": "kube-dns"}


def corefile(upstreams: list[str]) -> str:
    """Answers for the cluster; other names go to `upstreams`, and without any they do not exist."""
    outside = f"forward . {' '.join(upstreams)}" if upstreams else "template ANY ANY {\n      rcode NXDOMAIN\n    }"
    # Two blocks: within one, the order of plugins is fixed, and `template` would answer before `kubernetes`.
    return f"""cluster.local:53 in-addr.arpa:53 ip6.arpa:53 {{
    errors
    health
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {{
      pods insecure
      ttl 5
    }}
    cache 5
}}
.:53 {{
    errors
    cache 5
    {outside}
}}
"""


def objects(upstreams: list[str]) -> list[dict[str, Any]]:
    """Everything that CoreDNS needs, in the order of creation."""
    return [
        _meta("v1", "ServiceAccount"),
        *_access(),
        _meta("v1", "ConfigMap") | {"data": {"Corefile": corefile(upstreams)}},
        _deployment(hashlib.sha256(corefile(upstreams).encode()).hexdigest()),
        _service(),
    ]


def _meta(version: str, kind: str, name: str = "coredns") -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": _NAMESPACE}}


def _access() -> list[dict[str, Any]]:
    group = "rbac.authorization.k8s.io"
    rules = [
        {"apiGroups": [""], "resources": ["services", "pods", "namespaces"], "verbs": ["list", "watch"]},
        {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["list", "watch"]},
    ]
    metadata = {"name": "system:coredns"}
    role = {"apiVersion": f"{group}/v1", "kind": "ClusterRole", "metadata": metadata, "rules": rules}
    binding = {
        "apiVersion": f"{group}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": metadata,
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": "system:coredns"},
        "subjects": [{"kind": "ServiceAccount", "name": "coredns", "namespace": _NAMESPACE}],
    }
    return [role, binding]


def _container() -> dict[str, Any]:
    return {
        "name": "coredns",
        "image": IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "args": ["-conf", "/etc/coredns/Corefile"],
        "ports": [{"containerPort": 53, "protocol": "UDP"}, {"containerPort": 53, "protocol": "TCP"}],
        "readinessProbe": {"httpGet": {"path": "/ready", "port": 8181}, "periodSeconds": 1},
        "volumeMounts": [{"name": "config", "mountPath": "/etc/coredns", "readOnly": True}],
        "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "128Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]},
        },
    }


def _deployment(config_digest: str) -> dict[str, Any]:
    pod = {
        "serviceAccountName": "coredns",
        "priorityClassName": "system-cluster-critical",
        "dnsPolicy": "Default",
        # CoreDNS needs nothing from the end of its pod, and a restart of it should not wait.
        "terminationGracePeriodSeconds": 1,
        "containers": [_container()],
        "volumes": [{"name": "config", "configMap": {"name": "coredns"}}],
    }
    # The digest replaces the pod when the configuration changes.
    template = {"metadata": {"labels": _LABELS, "annotations": {"agentjob.io/config": config_digest}}, "spec": pod}
    spec = {"replicas": 1, "selector": {"matchLabels": _LABELS}, "template": template}
    return _meta("apps/v1", "Deployment") | {"spec": spec}


def _service() -> dict[str, Any]:
    ports = [{"name": f"dns-{protocol.lower()}", "port": 53, "protocol": protocol} for protocol in ("UDP", "TCP")]
    spec = {"clusterIP": layout.DNS_ADDRESS, "selector": _LABELS, "ports": ports}
    return _meta("v1", "Service", "kube-dns") | {"spec": spec}
