"""Which tools the cluster is made of: one Go module under `hack/tools/` per group of binaries, pinned by its go.sum."""

from __future__ import annotations

from dataclasses import dataclass

KUBERNETES_VERSION = "1.35.4"
_MAJOR, _MINOR, _ = KUBERNETES_VERSION.split(".")


@dataclass(frozen=True)
class ToolModule:
    """A pinned Go module under `hack/tools/<name>/`.

    `packages` maps a binary's name to its Go package, `link_values` a Go string variable to the value linked into it.
    """

    name: str
    packages: dict[str, str]
    link_values: dict[str, str]

    @property
    def linker_flags(self) -> str:
        """The `-ldflags` of the build: no symbol tables, and the link values."""
        return " ".join(["-s", "-w", *(f"-X {key}={value}" for key, value in sorted(self.link_values.items()))])


def _kubernetes_version_values() -> dict[str, str]:
    # Without these Kubernetes reports v0.0.0-master, and Helm takes any cluster for 1.20.
    values: dict[str, str] = {}
    for package in ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version"):
        values[f"{package}.gitVersion"] = f"v{KUBERNETES_VERSION}"
        values[f"{package}.gitMajor"] = _MAJOR
        values[f"{package}.gitMinor"] = _MINOR
    return values


KUBERNETES = ToolModule(
    name="kubernetes",
    packages={
        "etcd": "go.etcd.io/etcd/server/v3",
        **{
            name: f"k8s.io/kubernetes/cmd/{name}"
            for name in (
                "kube-apiserver",
                "kube-controller-manager",
                "kube-proxy",
                "kube-scheduler",
                "kubectl",
                "kubelet",
            )
        },
    },
    link_values=_kubernetes_version_values(),
)
MINIO = ToolModule(name="minio", packages={"minio": "github.com/minio/minio"}, link_values={})
HELM = ToolModule(
    name="helm",
    packages={"helm": "helm.sh/helm/v3/cmd/helm"},
    link_values={
        "helm.sh/helm/v3/internal/version.version": "v3.22.0",
        "helm.sh/helm/v3/pkg/chartutil.k8sVersionMajor": _MAJOR,
        "helm.sh/helm/v3/pkg/chartutil.k8sVersionMinor": _MINOR,
        "helm.sh/helm/v3/pkg/lint/rules.k8sVersionMajor": _MAJOR,
        "helm.sh/helm/v3/pkg/lint/rules.k8sVersionMinor": _MINOR,
    },
)
COREDNS = ToolModule(name="coredns", packages={"coredns": "github.com/coredns/coredns"}, link_values={})
KIND = ToolModule(name="kind", packages={"kind": "sigs.k8s.io/kind"}, link_values={})
KWOK = ToolModule(name="kwok", packages={"kwok": "sigs.k8s.io/kwok/cmd/kwok"}, link_values={})
GRAFANA = ToolModule(name="grafana", packages={"dashboard-check": "."}, link_values={})
"""Our own few lines around Grafana's schema."""

MODULES = (KUBERNETES, MINIO, HELM, COREDNS, KIND, KWOK, GRAFANA)
EMBEDDED_MODULES = (KUBERNETES, MINIO, HELM, COREDNS)
KIND_MODULES = (KUBERNETES, HELM, KIND)


def modules_of(binaries: list[str]) -> list[ToolModule]:
    """The modules that make the named binaries, each once, in build order; ValueError names an unknown binary."""
    known = {binary for module in MODULES for binary in module.packages}
    for binary in binaries:
        if binary not in known:
            raise ValueError(f"unknown tool {binary!r}; there are: {', '.join(sorted(known))}")
    return [module for module in MODULES if set(binaries) & set(module.packages)]
