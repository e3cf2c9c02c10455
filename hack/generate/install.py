"""manifests/install.yaml: the chart rendered with its defaults, for `kubectl apply` without Helm."""

import shutil
import subprocess
import tempfile
from pathlib import Path, PurePosixPath

from cluster.toolbuild import ensure_binaries

from generate.files import Files

CHART = PurePosixPath("charts/agentjob")
NAMESPACE = "agentjob-system"
MINIO_SECRET = "agentjob-minio"  # noqa: S105 - a Secret's name
_HEADER = f"""\
# Rendered from charts/agentjob by `make generate`. Do not edit.
#
#   kubectl apply -f install.yaml
#
# A file that everybody has cannot hold a credential: make the one of the object store yourself. What needs it waits until it is there.
#
#   kubectl -n {NAMESPACE} create secret generic {MINIO_SECRET} \\
#     --from-literal=access-key=agentjob --from-literal=secret-key="$(openssl rand -hex 20)"
---
apiVersion: v1
kind: Namespace
metadata:
  name: {NAMESPACE}
  labels:
    pod-security.kubernetes.io/enforce: restricted
"""


def install_yaml(root: Path, generated: Files) -> str:
    """The header and the chart of the repository at `root`. Raises as `rendered_chart` does."""
    return _HEADER + rendered_chart(root, generated, "--set", f"minio.existingSecret={MINIO_SECRET}")


def rendered_chart(root: Path, generated: Files, *values: str) -> str:
    """The chart as release `agentjob`, with what of `generated` belongs to it in place of the files on disk.

    Raises `subprocess.CalledProcessError` when helm refuses the chart; helm says why on stderr.
    """
    helm = ensure_binaries("helm")["helm"]
    with tempfile.TemporaryDirectory(prefix="agentjob-chart-") as folder:
        chart = Path(folder, "agentjob")
        shutil.copytree(root / CHART, chart)
        for path, text in generated.items():
            if path.is_relative_to(CHART):
                target = chart / path.relative_to(CHART)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text, encoding="utf-8")
        command = [str(helm), "template", "agentjob", str(chart), "--namespace", NAMESPACE, *values]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
