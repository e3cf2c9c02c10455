"""Who talks to whom in the tests of this folder: pods with the labels that they have in a cluster, and addresses outside of it."""

from agentjob_api import names
from agentjob_api.network import Egress
from flows import Peer
from generate.golden import UID

from charts import NAMESPACE


def own(component: str, ip: str) -> Peer:
    """A pod of the release."""
    labels = {"app.kubernetes.io/name": "agentjob", "app.kubernetes.io/instance": "agentjob"}
    return Peer(ip, NAMESPACE, {**labels, "app.kubernetes.io/component": component})


def agent(egress: Egress, uid: str = "other", namespace: str = "team-a") -> Peer:
    """A pod of an AgentJob."""
    labels = {names.LABEL_MANAGED_BY: names.MANAGED_BY, names.LABEL_EGRESS: str(egress), names.LABEL_UID: uid}
    return Peer("10.244.0.9", namespace, labels)


OPERATOR = own("operator", "10.244.0.10")
MINIO = own("minio", "10.244.0.11")
BUCKET_JOB = own("bucket", "10.244.0.12")
SCRIPTED_MODEL = own("scripted-model", "10.244.0.13")
DNS = Peer("10.244.0.2", "kube-system", {"k8s-app": "kube-dns"})
MODEL = Peer("10.244.0.3", "models", {"app": "vllm"})
STRANGER = Peer("10.244.0.7", "team-b", {"app": "web"})
NEIGHBOUR = Peer("10.244.0.8", "team-a", {"app": "web"})
INGRESS = Peer("10.244.0.6", "ingress-nginx", {"app": "nginx"})
PROMETHEUS = Peer("10.244.0.5", "monitoring", {"app": "prometheus"})
API_SERVER = Peer("10.0.0.1")
GIT = Peer("10.1.2.3")
DATABASE = Peer("10.20.0.5")
INTERNET = Peer("140.82.121.4")
OTHER_RESOLVER = Peer("8.8.8.8")
INTRANET = Peer("192.168.1.1")
METADATA = Peer("169.254.169.254")
AZURE_WIRE = Peer("168.63.129.16")
CARRIER_GRADE = Peer("100.100.100.200")
EXCEPTED = Peer("198.51.100.7")
STORE = Peer("52.219.47.1")
ALLOWING_UID = UID
"""Of the AgentJob whose `network.allow` names DATABASE."""
