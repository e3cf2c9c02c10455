"""The chart's copy of the CRD: a template, so that upgrades of the release reach it."""

_START = """{{- if .Values.crd.install }}
{{- /* Generated from crds/agentjob_api by `make generate`. Do not edit. */}}
"""
_METADATA = "metadata:\n"
_KEEP = """metadata:
  annotations:
    # Uninstalling the release must not delete every AgentJob.
    helm.sh/resource-policy: keep
"""


def crd_template(crd: str) -> str:
    """`crd` (a YAML document) as a template. Raises `ValueError` for a CRD that Helm would take for a template, or with annotations."""
    if "{{" in crd:
        raise ValueError("the CRD contains {{, which Helm would evaluate")
    if crd.count(f"\n{_METADATA}") != 1 or "\n  annotations:" in crd:
        raise ValueError("the CRD does not have one metadata without annotations")
    return _START + crd.replace(_METADATA, _KEEP, 1) + "{{- end }}\n"
