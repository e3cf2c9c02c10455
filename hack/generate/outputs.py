"""Every generated file, with what it is generated from. A new one is a line here."""

from pathlib import Path, PurePosixPath

import yaml
from agentjob_api.crd import custom_resource_definition
from agentjob_api.reference import api_reference

from generate.files import Files

_YAML_HEADER = "# Generated from crds/agentjob_api by `make generate`. Do not edit.\n"


def generated_files(root: Path) -> Files:
    """Path, relative to the repository at `root`, to text."""
    return {
        PurePosixPath("crds/agentjobs.yaml"): crd_yaml(),
        PurePosixPath("docs/api-reference.md"): api_reference(),
    }


def crd_yaml() -> str:
    """The CustomResourceDefinition as a YAML document."""
    return _YAML_HEADER + yaml.safe_dump(
        custom_resource_definition(), sort_keys=False, width=120, allow_unicode=True, default_flow_style=False
    )
