"""What the operator may do on a real API server, line by line, for all namespaces and for a list of them; and that each set of values is accepted."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from apiserver.kubectl import Kubectl
from cluster.toolbuild import module_folder

from charts import CHART, DEMO_VALUES, EVERYTHING_VALUES, NAMESPACE, PRODUCTION_VALUES, ROOT, of_kind, render

RIGHTS = ROOT / "tests" / "chart" / "rights.yaml"
OPERATOR = f"system:serviceaccount:{NAMESPACE}:agentjob"
NOBODY = f"system:serviceaccount:{NAMESPACE}:nobody"
RBAC_KINDS = ("ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding")
NAMESPACES = (NAMESPACE, "team-a", "team-b")


class Right(NamedTuple):
    """One verb on one resource (`group/plural`), of one name or of all."""

    resource: str
    name: str
    verb: str


def expected(*where: str) -> set[Right]:
    """What the checked-in list says for these places."""
    return {
        Right(line["resource"], name, verb)
        for line in yaml.safe_load(RIGHTS.read_text(encoding="utf-8"))
        for name in line.get("names", ["*"])
        for verb in line["verbs"]
        if line["in"] in where and enabled(line.get("value"))
    }


def enabled(path: str | None) -> bool:
    """Whether the chart's default for that value is true; a right without one is always there."""
    value = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    for key in path.split(".") if path else ():
        value = value.get(key, {})
    return bool(value)


def granted(kubectl: Kubectl, user: str, namespace: str) -> set[Right]:
    """What `kubectl auth can-i --list` asks, as JSON."""
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectRulesReview",
        "spec": {"namespace": namespace},
    }
    text = kubectl("create", "--validate=false", "-f", "-", "-o", "json", "--as", user, stdin=json.dumps(review))
    return {
        Right(f"{group}/{resource}", name, verb)
        for rule in json.loads(text)["status"]["resourceRules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for name in rule.get("resourceNames", ["*"])
        for verb in rule["verbs"]
    }


def of_its_own(kubectl: Kubectl, namespace: str) -> set[Right]:
    """Beyond what every account may."""
    return granted(kubectl, OPERATOR, namespace) - granted(kubectl, NOBODY, namespace)


@pytest.fixture(scope="module")
def namespaces(kubectl: Kubectl) -> None:
    """Those that the values name."""
    for name in NAMESPACES:
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        kubectl("apply", "-f", "-", stdin=json.dumps(namespace))


def rbac(kubectl: Kubectl, verb: str, *values: Any) -> None:
    """Applies or deletes the rights that the chart gives with `values`."""
    chosen = of_kind(render(*values), *RBAC_KINDS)
    kubectl(verb, "-f", "-", stdin=yaml.safe_dump_all(chosen))


@pytest.mark.usefixtures("namespaces")
def test_all_namespaces(kubectl: Kubectl) -> None:
    """Neither more nor less than the list explains."""
    rbac(kubectl, "apply")
    try:
        assert of_its_own(kubectl, "team-a") == expected("watched")
        assert of_its_own(kubectl, NAMESPACE) == expected("watched", "own")
    finally:
        rbac(kubectl, "delete")


@pytest.mark.usefixtures("namespaces")
def test_a_list_of_namespaces(kubectl: Kubectl) -> None:
    """The same in those, and nothing anywhere else."""
    values = ("--values", PRODUCTION_VALUES)
    rbac(kubectl, "apply", *values)
    try:
        assert of_its_own(kubectl, "team-a") == expected("watched")
        assert of_its_own(kubectl, "team-b") == expected("watched")
        assert of_its_own(kubectl, NAMESPACE) == expected("own")
        assert of_its_own(kubectl, "default") == set()
    finally:
        rbac(kubectl, "delete", *values)


def test_every_line_is_explained() -> None:
    """By a sentence."""
    for line in yaml.safe_load(RIGHTS.read_text(encoding="utf-8")):
        assert len(line["why"].split()) >= 5, line


@pytest.fixture(scope="module")
def prometheus_operator(kubectl: Kubectl) -> Iterator[None]:
    """The CRDs of the Prometheus operator that values ask for objects of; and the namespace that they name."""
    folder = module_folder("prometheus-operator", "github.com/prometheus-operator/prometheus-operator")
    kinds = ("podmonitors", "servicemonitors", "prometheusrules")
    files = [str(folder / f"example/prometheus-operator-crd/monitoring.coreos.com_{kind}.yaml") for kind in kinds]
    chosen = [argument for file in files for argument in ("-f", file)]
    kubectl("apply", "--server-side", *chosen)
    kubectl("wait", "--for=condition=Established", "--timeout=30s", *chosen)
    kubectl("create", "namespace", "prometheus")
    yield
    kubectl("delete", "namespace", "prometheus", "--wait=false")
    kubectl("delete", *chosen)


@pytest.mark.usefixtures("namespaces", "prometheus_operator")
@pytest.mark.parametrize(
    "values",
    [None, DEMO_VALUES, PRODUCTION_VALUES, EVERYTHING_VALUES],
    ids=lambda path: path.stem if path else "defaults",
)
def test_the_api_server_accepts_every_object(kubectl: Kubectl, values: Path | None) -> None:
    """As it would store them, unknown fields refused: what a schema check without a server cannot promise."""
    objects = render(*(("--values", values) if values else ()), "--set", "crd.install=false")
    done = kubectl.run("apply", "--dry-run=server", "--validate=strict", "-f", "-", stdin=yaml.safe_dump_all(objects))
    assert (done.returncode, done.stderr) == (0, "")
