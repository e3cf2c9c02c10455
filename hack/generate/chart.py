"""The chart's copy of the CRD: a template, so that upgrades of the release reach it and values give the defaults of spec.limits."""

import re
from typing import Final

_START = """{{- if .Values.crd.install }}
{{- /* Generated from crds/agentjob_api by `make generate`. Do not edit. */}}
"""
_METADATA = "metadata:\n"
_KEEP = """metadata:
  annotations:
    # Uninstalling the release must not delete every AgentJob.
    helm.sh/resource-policy: keep
"""
_LIMITS: Final = re.compile(
    r"(?<=\n)(?P<indent> +)limits:\n(?P=indent)  description: Hard budgets\.\n(?:(?P=indent)  .*\n)+"
)
_ALWAYS: Final = ("steps", "timeoutSeconds", "startDeadlineSeconds")
"""Fields with a default in the schema; the value takes its place."""
_IF_SET: Final = {"tokens": "{{ int64 . }}", "costUSD": "{{ . | quote }}"}
"""Fields without one: unlimited unless there is a value."""


def crd_template(crd: str) -> str:
    """`crd` (a YAML document) as a template. Raises `ValueError` for a CRD that Helm would take for a template, with annotations, or
    without the limits that values fill in."""
    if "{{" in crd:
        raise ValueError("the CRD contains {{, which Helm would evaluate")
    if crd.count(f"\n{_METADATA}") != 1 or "\n  annotations:" in crd:
        raise ValueError("the CRD does not have one metadata without annotations")
    return _START + _with_limits(crd.replace(_METADATA, _KEEP, 1)) + "{{- end }}\n"


def _with_limits(crd: str) -> str:
    found = _LIMITS.findall(crd)
    if len(found) != 1:
        raise ValueError(f"the CRD has {len(found)} objects `limits` with the budgets of an AgentJob")
    return _LIMITS.sub(lambda match: _filled_in(match[0], match["indent"] + "    "), crd)


def _filled_in(block: str, indent: str) -> str:
    for field in _ALWAYS:
        default = re.compile(rf"(\n{indent}{field}:\n(?:{indent}  .*\n)*?{indent}  default: )\d+\n")
        block, count = default.subn(rf"\g<1>{{{{ int64 .Values.job.limits.{field} }}}}\n", block)
        if count != 1:
            raise ValueError(f"spec.limits.{field} has no default in the CRD")
    for field, value in _IF_SET.items():
        optional = f"{{{{- with .Values.job.limits.{field} }}}}\n{indent}  default: {value}\n{{{{- end }}}}\n"
        block, count = re.subn(rf"(\n{indent}{field}:\n(?:{indent}  .*\n)+)", rf"\g<1>{optional}", block)
        if count != 1:
            raise ValueError(f"spec.limits.{field} is not in the CRD")
    return block
