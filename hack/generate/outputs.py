"""Every generated file, with what it is generated from. A new one is a line here."""

from pathlib import Path, PurePosixPath

import yaml
from agentjob_api.crd import custom_resource_definition
from agentjob_api.reference import api_reference

from generate.chart import crd_template
from generate.chart_golden import chart_golden_files
from generate.dashboards import dashboard_files
from generate.files import Files
from generate.golden import golden_files
from generate.install import CHART, install_yaml
from generate.metrics_reference import metrics_reference
from generate.values_schema import values_schema_of

_YAML_HEADER = "# Generated from crds/agentjob_api by `make generate`. Do not edit.\n"


def generated_files(root: Path) -> Files:
    """Path, relative to the repository at `root`, to text."""
    crd = crd_yaml()
    files = {
        PurePosixPath("crds/agentjobs.yaml"): crd,
        PurePosixPath("docs/api-reference.md"): api_reference(),
        PurePosixPath("docs/metrics.md"): metrics_reference(),
        CHART / "templates/crd.yaml": crd_template(crd),
        CHART / "values.schema.json": values_schema_of(root / CHART),
        **dashboard_files(),
    }
    return {
        **files,
        PurePosixPath("manifests/install.yaml"): install_yaml(root, files),
        **golden_files(root),
        **chart_golden_files(root, files),
    }


def crd_yaml() -> str:
    """The CustomResourceDefinition as a YAML document."""
    return _YAML_HEADER + yaml.safe_dump(
        custom_resource_definition(), sort_keys=False, width=120, allow_unicode=True, default_flow_style=False
    )
