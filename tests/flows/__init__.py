"""Whether NetworkPolicies let a flow through, by the judgement of cyclonus, which knows nothing of us."""

import json
import re
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml
from cluster.toolbuild import ensure_binaries

NAMESPACE_NAME: Final = "kubernetes.io/metadata.name"
_VERDICT: Final = re.compile(r"IS ALLOWED\?\s*\|\s*(TRUE|FALSE)")


@dataclass(frozen=True)
class Peer:
    """A pod; or an address that is no pod's, when there is no namespace."""

    ip: str
    namespace: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)

    def as_object(self) -> dict[str, Any]:
        """As cyclonus reads it."""
        if not self.namespace:
            return {"IP": self.ip}
        inside = {
            "PodLabels": dict(self.labels),
            "NamespaceLabels": {NAMESPACE_NAME: self.namespace},
            "Namespace": self.namespace,
        }
        return {"Internal": inside, "IP": self.ip}


@dataclass(frozen=True)
class Flow:
    """One connection, and whether it is to come about; `why` is for the reader."""

    source: Peer
    destination: Peer
    port: int
    allowed: bool
    why: str
    protocol: str = "TCP"


def misjudged(policies: Iterable[Mapping[str, Any]], flows: Sequence[Flow], folder: Path) -> list[str]:
    """The reasons of the flows that come out otherwise. `policies` are networking.k8s.io/v1 objects with a namespace."""
    answers = _answers(policies, flows, folder)
    return [
        f"{'refused' if flow.allowed else 'allowed'}: {flow.why} (port {flow.port})"
        for flow, answer in zip(flows, answers, strict=True)
        if answer is not flow.allowed
    ]


def _answers(policies: Iterable[Mapping[str, Any]], flows: Sequence[Flow], folder: Path) -> list[bool]:
    written = folder / "policies"
    written.mkdir(parents=True)
    # One to a file: cyclonus reads the first document of each.
    for number, policy in enumerate(policies):
        (written / f"{number}.yaml").write_text(yaml.safe_dump(dict(policy)), encoding="utf-8")
    traffic = folder / "flows.json"
    traffic.write_text(json.dumps([_question(flow) for flow in flows]), encoding="utf-8")
    command = [str(ensure_binaries("cyclonus")["cyclonus"]), "analyze", "--mode", "query-traffic"]
    command += ["--policy-path", str(written), "--traffic-path", str(traffic)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return [verdict == "TRUE" for verdict in _VERDICT.findall(done.stdout)]


def _question(flow: Flow) -> dict[str, Any]:
    return {
        "Source": flow.source.as_object(),
        "Destination": flow.destination.as_object(),
        "ResolvedPort": flow.port,
        "ResolvedPortName": "",
        "Protocol": flow.protocol,
    }
