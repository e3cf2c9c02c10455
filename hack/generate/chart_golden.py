"""Golden files of the chart: what it renders for the demo, as in production, and with every value set; install.yaml is the defaults."""

from pathlib import Path, PurePosixPath

from generate.files import Files
from generate.install import rendered_chart

GOLDEN = PurePosixPath("tests/chart/golden")
_HEADER = "# The chart rendered with {values}, without the CRD. Written by `make generate`: read the difference before you commit it.\n"
_VALUES = {
    "demo": PurePosixPath("hack/demo/values.yaml"),
    "production": PurePosixPath("tests/chart/values-production.yaml"),
    "everything": PurePosixPath("tests/chart/values-everything.yaml"),
}
_OWN_LOGIN = {"demo": ("--set", "storage.credentials.secretName=existing-user")}
# A generated credential would differ each time.
_FIXED = ("--set", "crd.install=false,minio.existingSecret=existing")


def chart_golden_files(root: Path, generated: Files) -> Files:
    """One file per set of values; `generated` and errors as in `rendered_chart`."""
    return {
        GOLDEN / f"{name}.yaml": _HEADER.format(values=values)
        + rendered_chart(root, generated, "--values", str(root / values), *_FIXED, *_OWN_LOGIN.get(name, ()))
        for name, values in _VALUES.items()
    }
